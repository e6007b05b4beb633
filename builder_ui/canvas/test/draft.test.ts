import { beforeEach, expect, test, vi } from "vitest";
import { Problem, type Api } from "../src/api";
import { DraftStore } from "../src/draft";
import { applyOps } from "../src/edit";
import type { Content, Op } from "../src/model";

class Memory implements Storage {
  private kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  clear = () => this.kept.clear();
  getItem = (key: string) => this.kept.get(key) ?? null;
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  removeItem = (key: string) => void this.kept.delete(key);
  setItem = (key: string, value: string) => void this.kept.set(key, value);
}

/** The part of the runtime that a draft needs: revisions, and each edit of a client at most once. */
class Runtime {
  content: Content = { document: { app: { id: "a", name: "A" } }, layout: {}, files: {} };
  revision = 1;
  away = false;
  lose = false;
  refuse: string | null = null;
  seen = new Map<string, number>();
  get = async () => {
    this.check();
    return {
      ...structuredClone(this.content),
      app: "a",
      revision: this.revision,
      digest: "",
      ok: true,
      diagnostics: [],
      sketch: { inputs: {}, nodes: {} },
    };
  };
  post = async (_: string, body: { client: string; seq: number; ops: Op[] }) => {
    this.check();
    if (this.refuse) throw new Problem(409, "BG707", this.refuse);
    const key = `${body.client}:${body.seq}`;
    if (!this.seen.has(key)) {
      this.content = applyOps(this.content, body.ops).content;
      this.seen.set(key, ++this.revision);
    }
    if (this.lose) throw new Problem(0, "", "the answer was lost");
    return { revision: this.seen.get(key) };
  };
  private check() {
    if (this.away) throw new Problem(0, "", "away");
  }
}

let runtime: Runtime;
let storage: Memory;
const rename = (name: string): Op[] => [{ op: "set", path: "/app/name", value: name }];
const nameOf = (content: Content | undefined) => (content?.document.app as { name?: string } | undefined)?.name;
const store = (client = "one") => new DraftStore(runtime as unknown as Api, "a", storage, client);

beforeEach(() => {
  runtime = new Runtime();
  storage = new Memory();
  vi.stubGlobal("navigator", {});
});

test("an edit shows at once and is saved", async () => {
  const draft = store();
  await draft.open();
  expect(draft.edit(rename("B"))).toBe(true);
  expect(nameOf(draft.view?.content)).toBe("B");
  expect(draft.view?.saving).toBe("saving");
  await draft.settle();
  expect([nameOf(runtime.content), draft.view?.saving, draft.view?.revision]).toEqual(["B", "saved", 2]);
});

test("undo and redo are edits of their own", async () => {
  const draft = store();
  await draft.open();
  draft.edit(rename("B"));
  draft.edit(rename("C"));
  draft.undo();
  draft.undo();
  await draft.settle();
  expect(nameOf(runtime.content)).toBe("A");
  expect([draft.view?.canUndo, draft.view?.canRedo]).toEqual([false, true]);
  draft.redo();
  await draft.settle();
  expect(nameOf(runtime.content)).toBe("B");
});

test("an edit whose answer was lost is sent again and made once", async () => {
  const draft = store();
  await draft.open();
  runtime.lose = true;
  draft.edit(rename("B"));
  await expect(draft.settle()).rejects.toThrow();
  expect(draft.view?.saving).toBe("offline");
  runtime.lose = false;
  await draft.settle();
  expect([nameOf(runtime.content), runtime.revision]).toEqual(["B", 2]);
  draft.close();
});

test("edits survive the page: the next one of the same tab sends them", async () => {
  const before = store();
  await before.open();
  runtime.away = true;
  before.edit(rename("B"));
  await expect(before.settle()).rejects.toThrow();
  before.close();
  runtime.away = false;
  const after = store();
  await after.open();
  expect(nameOf(after.view?.content)).toBe("B");
  await after.settle();
  expect(nameOf(runtime.content)).toBe("B");
});

test("edits that a closed tab left are sent by the next one", async () => {
  vi.stubGlobal("navigator", {
    locks: { request: (_: string, ...rest: unknown[]) => (rest.at(-1) as (lock: object) => unknown)({}) },
  });
  const before = store("gone");
  await before.open();
  runtime.away = true;
  before.edit(rename("B"));
  await expect(before.settle()).rejects.toThrow();
  before.close();
  runtime.away = false;
  const after = store("next");
  await after.open();
  expect([nameOf(runtime.content), nameOf(after.view?.content)]).toEqual(["B", "B"]);
});

test("a refused edit is told, taken back, and does not hold up the others", async () => {
  const draft = store();
  await draft.open();
  const told: string[] = [];
  draft.refused = (problem) => told.push(problem.detail);
  runtime.refuse = "Something else is there";
  draft.edit(rename("B"));
  await draft.settle();
  expect(told).toEqual(["Something else is there"]);
  expect([nameOf(draft.view?.content), draft.view?.canUndo]).toEqual(["A", false]);
  runtime.refuse = null;
  draft.edit(rename("C"));
  await draft.settle();
  expect(nameOf(runtime.content)).toBe("C");
});
