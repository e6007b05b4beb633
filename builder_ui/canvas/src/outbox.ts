// Edits that the runtime has not confirmed yet, kept in the browser so that a reload or a lost connection loses none.
//
// Each tab is a client with its own numbering. A tab that lives holds a lock with its name; the outbox of one that does
// not is sent by the next tab that opens the app. Sending an edit twice is harmless: the runtime knows client and number.

import type { Op } from "./model";

export interface Entry {
  seq: number;
  ops: Op[];
}

interface Kept {
  next: number;
  entries: Entry[];
}

const PREFIX = "baigong.outbox.";

export class Outbox {
  private kept: Kept;

  constructor(
    private readonly storage: Storage,
    readonly app: string,
    readonly client: string,
  ) {
    this.kept = read(storage, this.key) ?? { next: 1, entries: [] };
  }

  private get key(): string {
    return PREFIX + this.app + "." + this.client;
  }

  get entries(): readonly Entry[] {
    return this.kept.entries;
  }

  put(ops: Op[]): void {
    this.kept.entries.push({ seq: this.kept.next++, ops });
    this.write();
  }

  /** Drop the first entry: it is confirmed, or refused. */
  shift(): void {
    this.kept.entries.shift();
    this.write();
  }

  private write(): void {
    try {
      this.storage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // A full or forbidden storage costs the safety net, not the edit.
    }
  }

  /** Forget an outbox that nobody will use again. */
  discard(): void {
    this.storage.removeItem(this.key);
  }

  /** The clients of this app that left something unsent. */
  static left(storage: Storage, app: string): string[] {
    const prefix = PREFIX + app + ".";
    const found: string[] = [];
    for (let index = 0; index < storage.length; index++) {
      const key = storage.key(index);
      if (key?.startsWith(prefix)) found.push(key.slice(prefix.length));
    }
    return found;
  }
}

function read(storage: Storage, key: string): Kept | null {
  try {
    const kept = JSON.parse(storage.getItem(key) ?? "null") as Kept | null;
    return kept !== null && Number.isInteger(kept.next) && Array.isArray(kept.entries) ? kept : null;
  } catch {
    return null;
  }
}

/** This tab's name for an app; it lasts as long as the tab. */
export function clientOf(app: string): string {
  const key = "baigong.client." + app;
  const found = sessionStorage.getItem(key) ?? "tab-" + crypto.randomUUID();
  sessionStorage.setItem(key, found);
  return found;
}

/** Hold the lock of a client for as long as the page lives. */
export function live(client: string): void {
  void navigator.locks?.request("baigong." + client, () => new Promise<never>(() => undefined));
}

/** Run `work` unless the client lives in another tab. */
export async function unlessLive(client: string, work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return;
  await navigator.locks.request("baigong." + client, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await work();
  });
}
