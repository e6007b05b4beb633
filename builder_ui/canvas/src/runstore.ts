// A run as it happens: what each node did, and the text that grows in it.

import { Problem, type Api } from "./api";
import { OVER, type Run, type RunEvent } from "./model";
import { isObject, type JsonObject } from "./json";

export type NodeStatus = "running" | "ended" | "skipped" | "failed" | "waiting";

export interface NodeRun {
  status: NodeStatus;
  started: number | null;
  ended: number | null;
  attempt: number;
  text: string;
  handle: string | null;
  ports: JsonObject | null;
  error: string;
}

export interface RunView {
  run: Run;
  nodes: ReadonlyMap<string, NodeRun>;
  events: readonly RunEvent[];
  /** Whether the run has ended. */
  over: boolean;
}

const FRESH: NodeRun = {
  status: "running", started: null, ended: null, attempt: 1, text: "", handle: null, ports: null, error: "",
}; // prettier-ignore

/** The state of a node after an event; pieces of a text that was seen already are passed over. */
export function step(before: NodeRun | undefined, event: RunEvent): NodeRun {
  const node = before ?? FRESH;
  const data = event.data;
  switch (event.type) {
    case "node.started":
      return { ...FRESH, started: node.started ?? event.at ?? null, attempt: event.attempt ?? 1 };
    case "node.ended":
      return {
        ...node,
        status: "ended",
        ended: event.at ?? null,
        handle: typeof data.handle === "string" ? data.handle : null,
        ports: isObject(data.ports) ? data.ports : null,
      };
    case "node.skipped":
      return { ...FRESH, status: "skipped", started: event.at ?? null, ended: event.at ?? null };
    case "node.failed":
      return { ...node, status: "failed", ended: event.at ?? null, error: errorText(data) };
    case "node.retried":
      return { ...node, status: "running", error: errorText(data) };
    case "ask.opened":
      return { ...node, status: "waiting" };
    case "ask.answered":
      return { ...node, status: "running" };
    case "model.delta": {
      const offset = Number(data.offset);
      const text = Array.from(node.text);
      return { ...node, text: text.slice(0, offset).join("") + String(data.text ?? "") };
    }
    case "model.ended":
      return typeof data.text === "string" ? { ...node, text: data.text } : node;
    default:
      return node;
  }
}

export function errorText(data: JsonObject): string {
  const error = isObject(data.error) ? data.error : data;
  const told = error.message ?? error.detail;
  const code = typeof error.code === "string" ? error.code + " " : "";
  return typeof told === "string" ? code + told : code.trim();
}

export class RunStore {
  view: RunView | null = null;
  problem: Problem | null = null;
  private readonly listeners = new Set<() => void>();
  private stop: AbortController | null = null;
  private told = false;
  private asked = 0;
  private answered = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly api: Api) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  snapshot = (): RunView | null => this.view;

  close(): void {
    clearTimeout(this.timer);
    this.stop?.abort();
    this.stop = null;
  }

  clear(): void {
    this.close();
    this.view = null;
    this.problem = null;
    this.tell();
  }

  /** Follow a run from its first event. */
  async follow(id: string): Promise<void> {
    this.close();
    const stop = new AbortController();
    this.stop = stop;
    this.problem = null;
    try {
      const run = await this.api.get<Run>(`/v1/runs/${id}`);
      if (stop.signal.aborted) return;
      this.view = { run, nodes: new Map(), events: [], over: OVER.includes(run.status) };
      this.tell();
      for await (const event of this.api.events(id, stop.signal)) {
        if (stop.signal.aborted) return;
        this.take(event);
        if (/^(run|ask)\./.test(event.type)) this.refreshSoon(id);
      }
      if (stop.signal.aborted) return;
      await this.refresh(id);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      this.tell();
    }
  }

  /** How the run stands is asked, not concluded: events of its past are told anew to everybody who comes later. */
  private async refresh(id: string): Promise<void> {
    const number = ++this.asked;
    const run = await this.api.get<Run>(`/v1/runs/${id}`);
    if (this.view?.run.run_id !== id || number < this.answered) return;
    this.answered = number;
    this.view = { ...this.view, run, over: OVER.includes(run.status) };
    this.tell();
  }

  private refreshSoon(id: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(id).catch(() => undefined), 30);
  }

  private take(event: RunEvent): void {
    if (this.view === null) return;
    const events = event.seq === undefined ? this.view.events : [...this.view.events, event];
    let nodes = this.view.nodes;
    if (event.path) {
      const next = new Map(nodes);
      next.set(event.path, step(nodes.get(event.path), event));
      nodes = next;
    }
    this.view = { ...this.view, events, nodes };
    this.soon();
  }

  /** Tell once a frame: a run may say hundreds of things at once. */
  private soon(): void {
    if (this.told) return;
    this.told = true;
    setTimeout(() => {
      this.told = false;
      this.tell();
    }, 16);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
