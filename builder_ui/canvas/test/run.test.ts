import { expect, test } from "vitest";
import { Api, readEvents } from "../src/api";
import type { RunEvent } from "../src/model";
import { RunStore, step, type NodeRun } from "../src/runstore";

const event = (type: string, data = {}, at = 1000): RunEvent => ({
  run: "r",
  seq: 1,
  at,
  type,
  path: "n",
  attempt: 1,
  data,
});
const after = (...events: RunEvent[]) => events.reduce<NodeRun | undefined>(step, undefined) as NodeRun;

test("a node runs, streams and ends", () => {
  const node = after(
    event("node.started"),
    event("model.delta", { offset: 0, text: "Hel" }),
    event("model.delta", { offset: 3, text: "lo 🙂" }),
    event("model.delta", { offset: 0, text: "Hello" }), // seen already, after a reconnection
    event("model.delta", { offset: 5, text: "!" }),
    event("node.ended", { handle: "ok", ports: { text: "Hello!" } }, 3500),
  );
  expect([node.status, node.text, node.started, node.ended]).toEqual(["ended", "Hello!", 1000, 3500]);
});

test("a failure says why, a question waits, a skip is no work", () => {
  expect(after(event("node.started"), event("node.failed", { error: { code: "BG1", message: "no" } })).error).toBe(
    "BG1 no",
  );
  expect(after(event("node.started"), event("ask.opened")).status).toBe("waiting");
  expect(after(event("node.skipped")).status).toBe("skipped");
});

test("events are read however their bytes are cut", async () => {
  const bytes = new TextEncoder().encode(
    'id: 1\nevent: a\ndata: {"type":"a","n":"你"}\n\n: ping\n\ndata: {"type":"b"}\n\n',
  );
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      for (const byte of bytes) stream.enqueue(new Uint8Array([byte]));
      stream.close();
    },
  });
  const found: RunEvent[] = [];
  for await (const one of readEvents(body)) found.push(one);
  expect(found.map((one) => one.type)).toEqual(["a", "b"]);
});

test("a lost stream is taken up after the last event", async () => {
  const asked: string[] = [];
  const answers = [
    'data: {"type":"node.started","seq":4,"path":"n","data":{}}\n\n',
    'data: {"type":"run.ended","seq":5,"path":"","data":{}}\n\n',
  ];
  globalThis.fetch = (async (url: string) => {
    asked.push(url);
    return new Response(answers.shift() ?? "");
  }) as typeof fetch;
  const found: number[] = [];
  for await (const one of new Api("/api").events("r", new AbortController().signal)) found.push(one.seq ?? 0);
  expect(found).toEqual([4, 5]);
  expect(asked).toEqual(["/api/v1/runs/r/events?after=0", "/api/v1/runs/r/events?after=4"]);
});

test("a run that waits is shown as waiting while its past is told again", async () => {
  const run = { run_id: "r", status: "waiting", asks: [{ id: "a" }] };
  const seen: string[] = [];
  const api = {
    get: async () => structuredClone(run),
    async *events() {
      for (const type of ["run.accepted", "run.started", "ask.opened", "run.waiting"]) {
        yield event(type);
        await new Promise((wake) => setTimeout(wake, 20));
      }
      run.status = "ended";
    },
  };
  const store = new RunStore(api as unknown as Api);
  store.subscribe(() => seen.push(store.view?.run.status ?? ""));
  await store.follow("r");
  expect(seen.at(-1)).toBe("ended");
  expect(new Set(seen.slice(0, -1))).toEqual(new Set(["waiting"]));
  expect(store.view?.over).toBe(true);
});
