// The draft that is being edited: what the runtime has, the edits on their way on top of it, undo and redo.

import { Problem, type Api } from "./api";
import { applyOps, CannotEdit } from "./edit";
import type { Content, Draft, Op, Diagnostic, Sketch } from "./model";
import { clientOf, live, Outbox, unlessLive } from "./outbox";

export type Saving = "saved" | "saving" | "offline";

export interface View {
  content: Content;
  revision: number;
  digest: string;
  ok: boolean;
  diagnostics: Diagnostic[];
  sketch: Sketch;
  saving: Saving;
  /** Whether diagnostics and sketch are of an older content. */
  stale: boolean;
  canUndo: boolean;
  canRedo: boolean;
}

interface Step {
  undo: Op[];
  redo: Op[];
}

const PAUSE = 40;

export class DraftStore {
  view: View | null = null;
  /** Told when an edit was refused by the runtime. */
  refused: (problem: Problem) => void = () => undefined;

  private readonly outbox: Outbox;
  private readonly listeners = new Set<() => void>();
  private undone: Step[] = [];
  private done: Step[] = [];
  private sending: Promise<void> | null = null;
  private retry = 500;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly api: Api,
    readonly app: string,
    storage: Storage = localStorage,
    client: string = clientOf(app),
  ) {
    this.outbox = new Outbox(storage, app, client);
    this.storage = storage;
  }
  private readonly storage: Storage;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  snapshot = (): View | null => this.view;

  /** Fetch the app and send what earlier tabs left unsent. */
  async open(): Promise<void> {
    live(this.outbox.client);
    for (const client of Outbox.left(this.storage, this.app))
      if (client !== this.outbox.client) await unlessLive(client, () => this.adopt(client));
    await this.pull();
    if (this.outbox.entries.length > 0) this.schedule(0);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Make an edit: it shows at once and is sent soon. */
  edit(ops: Op[]): boolean {
    return this.make(ops, (undo) => {
      this.done.push({ undo, redo: ops });
      this.undone = [];
    });
  }

  undo(): void {
    const step = this.done.pop();
    if (step && this.make(step.undo, () => this.undone.push(step)) === false) this.changed();
  }

  redo(): void {
    const step = this.undone.pop();
    if (step && this.make(step.redo, () => this.done.push(step)) === false) this.changed();
  }

  /** Send everything and see what the compiler says of it. */
  async settle(): Promise<void> {
    clearTimeout(this.timer);
    while (this.outbox.entries.length > 0 || this.sending) {
      await this.flush();
      if (this.view?.saving === "offline") throw new Problem(0, "", "offline");
    }
    if (this.view?.stale) await this.pull();
  }

  /** Fetch the app again; edits on their way stay on top. */
  async pull(): Promise<void> {
    const draft = await this.api.get<Draft>(`/v1/apps/${this.app}/draft`);
    let content: Content = { document: draft.document ?? {}, layout: draft.layout, files: draft.files };
    for (const entry of this.outbox.entries) content = applied(content, entry.ops) ?? content;
    this.view = {
      content,
      revision: draft.revision,
      digest: draft.digest,
      ok: draft.ok,
      diagnostics: draft.diagnostics,
      sketch: draft.sketch,
      stale: this.outbox.entries.length > 0,
      saving: this.outbox.entries.length > 0 ? "saving" : "saved",
      canUndo: this.done.length > 0,
      canRedo: this.undone.length > 0,
    };
    this.tell();
  }

  private make(ops: Op[], keep: (undo: Op[]) => void): boolean {
    if (this.view === null || ops.length === 0) return false;
    let made;
    try {
      made = applyOps(this.view.content, ops);
    } catch (error) {
      if (error instanceof CannotEdit) return false;
      throw error;
    }
    keep(made.inverse);
    this.outbox.put(ops);
    this.view = { ...this.view, content: made.content, stale: true };
    this.changed();
    this.schedule(PAUSE);
    return true;
  }

  private changed(): void {
    if (this.view === null) return;
    const saving = this.outbox.entries.length === 0 ? "saved" : this.view.saving === "offline" ? "offline" : "saving";
    this.view = { ...this.view, saving, canUndo: this.done.length > 0, canRedo: this.undone.length > 0 };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private schedule(pause: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.flush(), pause);
  }

  private flush(): Promise<void> {
    this.sending ??= this.send().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  private async send(): Promise<void> {
    try {
      for (let entry = this.outbox.entries[0]; entry; entry = this.outbox.entries[0]) {
        await this.post(this.outbox, entry.seq, entry.ops);
        this.outbox.shift();
      }
      await this.pull();
      this.retry = 500;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.view) this.view = { ...this.view, saving: "offline" };
      this.tell();
      this.schedule(this.retry);
      this.retry = Math.min(this.retry * 2, 8000);
    }
  }

  /** Post one edit; one that the runtime refuses is told and passed over, one that did not arrive is thrown. */
  private async post(outbox: Outbox, seq: number, ops: Op[]): Promise<void> {
    const body = { client: outbox.client, seq, base: this.view?.revision ?? 0, ops };
    try {
      const answer = await this.api.post<{ revision: number }>(`/v1/apps/${this.app}/ops`, body);
      if (this.view) this.view = { ...this.view, revision: answer.revision };
    } catch (error) {
      if (!(error instanceof Problem) || error.lost || error.status === 401) throw error;
      if (error.where === "base" && this.view && this.view.revision > 0) {
        this.view = { ...this.view, revision: 0 }; // the app was put anew meanwhile
        return this.post(outbox, seq, ops);
      }
      this.done = [];
      this.undone = [];
      this.refused(error);
    }
  }

  private async adopt(client: string): Promise<void> {
    const outbox = new Outbox(this.storage, this.app, client);
    try {
      for (let entry = outbox.entries[0]; entry; entry = outbox.entries[0]) {
        await this.post(outbox, entry.seq, entry.ops);
        outbox.shift();
      }
      outbox.discard();
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // it stays for the next time
    }
  }
}

function applied(content: Content, ops: Op[]): Content | null {
  try {
    return applyOps(content, ops).content;
  } catch (error) {
    if (error instanceof CannotEdit) return null;
    throw error;
  }
}
