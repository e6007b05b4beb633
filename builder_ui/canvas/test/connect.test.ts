import { describe, expect, test } from "vitest";
import { judge, variables } from "../src/connect";
import { buildGraph } from "../src/graph";
import type { Content, Sketch } from "../src/model";
import { addNodeOps, deleteOps } from "../src/newnode";

const alarm = { record: "Alarm", fields: { score: "number", start: "string" } };
const port = (shape: unknown, required = true) => ({ type: "", shape, required }) as never;

const content: Content = {
  document: {
    inputs: { question: "string" },
    nodes: {
      detect: { type: "tool", tool: "series.detect", in: {} },
      judge: { type: "branch", cases: { bad: "size(detect.result.alarms) > 0" } },
      look: { type: "retrieve", from: "manuals", in: { query: "${inputs.question}" } },
      say: { type: "llm", model: "main", prompt: "x", in: { text: "Look: ${look.text}" } },
    },
    edges: [["judge.bad", "look"]],
  },
  layout: {},
  files: {},
};
const sketch: Sketch = {
  inputs: { question: port("string") },
  nodes: {
    detect: {
      inputs: { limit: port({ optional: "number" }, false) },
      outputs: { result: port({ record: "R", fields: { alarms: { list: alarm }, worst: alarm } }) },
      handles: [], takes_more: false, wires: [],
    },
    judge: {
      inputs: {}, outputs: { case: port("string") }, handles: ["bad", "else"], takes_more: false,
      wires: [{ at: "/cases/bad", from: "detect", path: ["result", "alarms"], optional: false }],
    },
    look: {
      inputs: { query: port("string") }, outputs: { text: port("string") }, handles: [], takes_more: false,
      wires: [{ at: "/in/query", from: "inputs", path: ["question"], optional: false }],
    },
    say: {
      inputs: { text: port("string") }, outputs: { text: port("string") }, handles: [], takes_more: true,
      wires: [{ at: "/in/text", from: "look", path: ["text"], optional: false }],
    },
  },
}; // prettier-ignore
const graph = buildGraph(content, sketch, [], "en");
const judged = (source: string, from: string, target: string, to: string | null) =>
  judge(graph, content.document, source, from, target, to);

describe("the graph", () => {
  test("draws reads as wires and edges as edges", () => {
    expect(graph.wires.map((wire) => wire.id).sort()).toEqual([
      "detect.result.alarms>judge/cases/bad",
      "edge:judge.bad>look",
      "inputs.question>look/in/query",
      "look.text>say/in/text",
    ]);
  });
  test("shows a new wire before the compiler has seen it", () => {
    const next = structuredClone(content);
    (next.document.nodes as never as { say: { in: Record<string, string> } }).say.in.more = "${detect.result}";
    const ids = buildGraph(next, sketch, [], "en").wires.map((wire) => wire.id);
    expect(ids).toContain("detect.result>say/in/more");
  });
});

describe("a connection", () => {
  test("of fitting types sets the input", () => {
    const verdict = judged("say", "out:text", "look", "in:/in/query");
    expect(verdict.ok).toBe(false); // it would go round in a circle
    const good = judged("inputs", "out:question", "say", "in:/in/text");
    expect(good.ok && good.ops()).toEqual([
      { op: "set", path: "/nodes/say/in/text", value: "${inputs.question}", old: "Look: ${look.text}" },
    ]);
  });
  test("offers the fields of a record that fit", () => {
    const verdict = judged("detect", "out:result", "look", "in:/in/query");
    expect(verdict.ok && verdict.choices.map((one) => one.reference)).toEqual(["detect.result.worst.start"]);
    const body = judged("detect", "out:result", "say", null);
    expect(body.ok && body.choices.map((one) => `${one.reference}>${one.port}`)).toEqual([
      "detect.result.worst.start>text",
      "detect.result>result",
    ]);
  });
  test("is refused with its reason", () => {
    const reasons = [
      judged("look", "out:text", "look", "in:/in/query"),
      judged("say", "out:text", "detect", "in:/in/limit"),
      judged("inputs", "out:question", "detect", "in:/in/limit"),
      judged("detect", "out:result", "judge", "in:/cases/bad"),
      judged("judge", "exit:bad", "say", "in:/in/text"),
      judged("detect", "out:result", "look", "enter"),
    ].map((verdict) => (verdict.ok ? "ok" : verdict.reason));
    expect(reasons).toEqual(["self", "cycle", "type", "fixed", "kind", "kind"]);
  });
  test("from an exit makes an edge, once", () => {
    const verdict = judged("judge", "exit:else", "say", "enter");
    expect(verdict.ok && verdict.ops()).toEqual([{ op: "add", path: "/edges/-", value: ["judge.else", "say"] }]);
    const again = judged("judge", "exit:bad", "look", "enter");
    expect(again.ok && again.ops()).toEqual([]);
  });
});

test("variables are what does not come later, fitting ones first", () => {
  const found = variables(graph, "look", "string");
  expect(found[0]?.reference).toBe("inputs.question");
  expect(found.some((one) => one.reference.startsWith("say."))).toBe(false);
  expect(found.find((one) => one.reference === "detect.result")?.fits).toBe(false);
});

test("a deleted node takes its edges and the plain reads of it along", () => {
  const paths = deleteOps(content, ["look"]).map((op) => `${op.op} ${op.path}`);
  expect(paths).toEqual(["del /edges/0", "del /nodes/look"]);
  expect(deleteOps(content, ["detect"]).map((op) => op.path)).toEqual(["/nodes/detect"]);
});

test("a new node that wants a model makes the app require one", () => {
  const type = {
    type: "llm", group: "model", title: { en: "", zh: "" }, accepts: [], runnable: true,
    schema: { properties: { model: { type: "string" }, prompt: { type: "string" } }, required: ["model", "prompt"] },
  }; // prettier-ignore
  const { id, ops } = addNodeOps(content, type, { x: 1.4, y: 2.6 });
  expect(id).toBe("llm");
  expect(ops.map((op) => op.path)).toEqual(["/requires", "/nodes/llm", "/nodes/llm"]);
  expect(ops[2]?.value).toEqual({ x: 1, y: 3 });
});
