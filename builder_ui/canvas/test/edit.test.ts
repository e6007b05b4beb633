import { describe, expect, test } from "vitest";
import { applyOps, CannotEdit, fixOps, putOps, textOps } from "../src/edit";
import type { Content, Op } from "../src/model";

const content = (): Content => ({
  document: {
    app: { id: "a" },
    nodes: { one: { type: "llm", in: { x: "${inputs.q}" } }, two: { type: "end" } },
    edges: [["one", "two"]],
  },
  layout: {},
  files: { "prompts/a.md": "Say 你好 to 🙂 him." },
});

const there = (ops: Op[]) => applyOps(content(), ops);

describe("operations", () => {
  const cases: [string, Op[]][] = [
    ["add to a mapping", [{ op: "add", path: "/nodes/three", value: { type: "set" } }]],
    ["add before a key", [{ op: "add", path: "/nodes/zero", value: 1, before: "one" }]],
    ["add at the end of a list", [{ op: "add", path: "/edges/-", value: ["two", "one"] }]],
    ["add within a list", [{ op: "add", path: "/edges/0", value: ["x", "y"] }]],
    ["set", [{ op: "set", path: "/nodes/one/type", value: "agent" }]],
    ["delete a key", [{ op: "del", path: "/nodes/one" }]],
    ["delete an item", [{ op: "del", path: "/edges/0" }]],
    ["move", [{ op: "move", path: "/nodes/one", value: { x: 1, y: 2 } }]],
    ["text", textOps("prompts/a.md", "Say 你好 to 🙂 him.", "Say 您好 to 🙂🙂 her.")],
    [
      "several",
      [
        { op: "del", path: "/edges/0" },
        { op: "del", path: "/nodes/two" },
        { op: "set", path: "/nodes/one/in", value: {} },
      ],
    ],
  ];
  test.each(cases)("%s is undone by its inverse, order of keys and all", (_, ops) => {
    const { content: after, inverse } = there(ops);
    expect(JSON.stringify(after)).not.toBe(JSON.stringify(content()));
    const back = applyOps(after, inverse).content;
    expect(JSON.stringify(back.document)).toBe(JSON.stringify(content().document));
    expect(back.files).toEqual(content().files);
    expect(back.layout.nodes ?? {}).toEqual({});
  });

  test.each<[string, Op]>([
    ["set where nothing is", { op: "set", path: "/nodes/none/type", value: 1 }],
    ["add where something is", { op: "add", path: "/nodes/one", value: 1 }],
    ["add beyond a list", { op: "add", path: "/edges/7", value: 1 }],
    ["delete nothing", { op: "del", path: "/nothing" }],
    ["text that is not there", { op: "text", path: "", file: "prompts/a.md", value: { at: 0, text: "x" }, old: "no" }],
  ])("%s is refused", (_, op) => {
    expect(() => there([op])).toThrow(CannotEdit);
  });

  test("places in a text count characters, not halves of them", () => {
    expect(textOps("f", "🙂a", "🙂b")).toEqual([
      { op: "text", file: "f", path: "", value: { at: 1, text: "b" }, old: "a" },
    ]);
    expect(textOps("f", "same", "same")).toEqual([]);
  });
});

describe("putting a value", () => {
  test("makes what is above it", () => {
    expect(putOps({ a: {} }, "/a/b/c", 1)).toEqual([{ op: "add", path: "/a/b", value: { c: 1 } }]);
    expect(putOps({}, "/a/b/c", 1)).toEqual([{ op: "add", path: "/a", value: { b: { c: 1 } } }]);
  });
  test("replaces, removes, and leaves what is the same", () => {
    expect(putOps({ a: 1 }, "/a", 2)).toEqual([{ op: "set", path: "/a", value: 2, old: 1 }]);
    expect(putOps({ a: 1 }, "/a", undefined)).toEqual([{ op: "del", path: "/a", old: 1 }]);
    expect(putOps({ a: { b: 1 } }, "/a", { b: 1 })).toEqual([]);
    expect(putOps({}, "/a", undefined)).toEqual([]);
  });
  test("a fix that renames a key deletes and adds", () => {
    const document = { nodes: { one: { in: { qury: "x" } } } };
    expect(fixOps(document, [{ op: "move", path: "/nodes/one/in/qury", value: "/nodes/one/in/query" }])).toEqual([
      { op: "del", path: "/nodes/one/in/qury", old: "x" },
      { op: "add", path: "/nodes/one/in/query", value: "x" },
    ]);
  });
});
