import { expect, test } from "vitest";
import { fresh, measure, take, type Answer } from "../src/answer";
import { Api, Problem } from "../src/api";
import { change, costOf, passedOver, stateOf, usd, type Deployment, type Health } from "../src/deployments";
import type { JsonObject } from "../src/json";

const chunk = (content: string, more: JsonObject = {}): JsonObject => ({
  model: "auto",
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
  ...more,
});
const answering = (...texts: string[]) => {
  const bodies: string[] = [];
  globalThis.fetch = (async (_: string, given: RequestInit) => {
    bodies.push(String(given.body));
    return new Response(texts.join(""), { headers: { "Content-Type": "text/event-stream" } });
  }) as typeof fetch;
  return bodies;
};
const read = async (signal = new AbortController().signal) => {
  const found: JsonObject[] = [];
  for await (const one of new Api("/api").chat({ model: "m" }, signal)) found.push(one);
  return found;
};

test("an answer is streamed until it is whole, with what it used", async () => {
  const bodies = answering(
    `data: ${JSON.stringify(chunk("Hel"))}\r\n\r\n: ping\n\n`,
    `data: ${JSON.stringify(chunk("lo"))}\n\ndata: [DONE]\n\ndata: {"late":1}\n\n`,
  );
  expect((await read()).length).toBe(2);
  expect(JSON.parse(bodies[0] ?? "")).toEqual({ model: "m", stream: true, stream_options: { include_usage: true } });
});

test("an error instead of an answer, or within it, is told in its words", async () => {
  globalThis.fetch = (async () =>
    new Response('{"error":{"message":"Unknown model."}}', { status: 404 })) as typeof fetch;
  await expect(read()).rejects.toMatchObject({ status: 404, detail: "Unknown model." });
  answering(`data: ${JSON.stringify(chunk("Hel"))}\n\n`, 'data: {"error":{"message":"It broke off."}}\n\n');
  await expect(read()).rejects.toMatchObject({ detail: "It broke off." });
  globalThis.fetch = (async () => new Response('{"status":503,"detail":"Away."}', { status: 503 })) as typeof fetch;
  await expect(read()).rejects.toMatchObject({ status: 503, detail: "Away." });
});

test("a stream that ends before the answer is whole is no answer, unless it was stopped", async () => {
  answering(`data: ${JSON.stringify(chunk("Hel"))}\n\n`);
  await expect(read()).rejects.toBeInstanceOf(Problem);
  const stopped = new AbortController();
  stopped.abort();
  globalThis.fetch = (async () => {
    throw new DOMException("stopped", "AbortError");
  }) as typeof fetch;
  expect(await read(stopped.signal)).toEqual([]);
});

const deployment = { id: "remote/plant", price: { input: 0.5, output: 2 } } as Deployment;

test("an answer grows, and its time, speed and cost are measured", () => {
  let answer: Answer = fresh("auto", 1000);
  expect(measure(answer, [])).toEqual({ first_s: null, tokens_per_s: null, tokens: null, usd: null });
  answer = take(answer, chunk(""), 1100); // the role comes first, without text
  expect([answer.state, answer.first]).toEqual(["waiting", null]);
  answer = take(answer, chunk("Hello"), 1500);
  answer = take(answer, chunk(" world"), 3500);
  answer = take(answer, { choices: [{ delta: {}, finish_reason: "length" }], model: "remote/plant" }, 3600);
  answer = take(
    answer,
    { choices: [], model: "remote/plant", usage: { prompt_tokens: 100, completion_tokens: 50 } },
    3600,
  );
  expect([answer.text, answer.finish, answer.model]).toEqual(["Hello world", "length", "remote/plant"]);
  const took = measure(answer, [deployment]);
  expect(took).toEqual({ first_s: 0.5, tokens_per_s: 25, tokens: 150, usd: 0.00015 });
  expect(measure({ ...answer, last: answer.first }, []).tokens_per_s).toBeNull(); // one piece says no speed
});

test("dollars keep the digits that say something", () => {
  const said = [0, 12.3, 1, 0.42, 0.05, 0.0213, 0.0021, 0.00005, null, -0.5].map(usd);
  expect(said).toEqual(["$0", "$12.30", "$1.00", "$0.42", "$0.05", "$0.021", "$0.0021", "<$0.0001", "–", "−$0.50"]);
  expect(costOf({ input: 0.2, output: 0.6 }, 1_000_000, 500_000)).toBeCloseTo(0.5);
});

test("a change is said in percent", () => {
  expect([change(2, 1), change(1, 1.5), change(1, 1), change(0, 1), change(null, 1), change(1, null)]).toEqual([
    "−50 %",
    "+50 %",
    "±0 %",
    "",
    "",
    "",
  ]);
});

test("health has a colour and a word", () => {
  const health = { state: "closed", active: 0, recent: 0, problem: null } as Health;
  const keys = [health, { ...health, recent: 2 }, { ...health, active: 1 }].map((one) => stateOf(one).key);
  expect(keys).toEqual(["health.idle", "health.closed", "health.working"]);
  expect(stateOf({ ...health, state: "open", active: 1 })).toEqual({ tone: "bad", key: "health.open" });
  expect(stateOf({ ...health, state: "half_open" }).tone).toBe("warn");
  expect(stateOf({ ...health, problem: "down", active: 1 })).toEqual({ tone: "warn", key: "health.failing" });
});

test("why a deployment was passed over is said with its numbers", () => {
  const t = (key: string, names = {}) => `${key} ${JSON.stringify(names)}`;
  expect(passedOver({ reason: "caps", caps: ["tools", "json"] }, t)).toContain('"caps":"cap.tools {}, cap.json {}"');
  expect(passedOver({ reason: "fence", residency: null, inside: "eu" }, t)).toMatch(
    /"inside":"eu".*"residency":"models.elsewhere {}"/,
  );
  expect(passedOver({ reason: "usd", usd: 0.0123456, limit: 0.01 }, t)).toContain('"usd":"0.0123"');
  expect(passedOver({ reason: "context", context: 131072 }, t)).toContain('"context":"131072"');
});
