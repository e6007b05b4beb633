import { expect, test } from "vitest";
import { positions, type Point } from "../src/arrange";
import type { Graph, NodeData, Wire } from "../src/graph";

const node = (id: string): NodeData => ({
  id, type: "llm", label: id, note: "", inputs: [], more: [], takesMore: false, outputs: [], exits: [], errors: 0, warnings: 0,
}); // prettier-ignore
const wire = (source: string, target: string) => ({ source, target }) as Wire;
const graph = (ids: string[], wires: Wire[] = []): Graph => ({ nodes: ids.map(node), wires });

test("nodes follow each other from left to right", () => {
  const found = positions(graph(["b", "a"], [wire("a", "b")]), {}, new Map());
  expect(found.get("a")?.x).toBeLessThan(found.get("b")?.x ?? 0);
});

test("a node that was placed stays where it is when others come, and goes where the layout says", () => {
  const before = new Map<string, Point>();
  const first = positions(graph(["a", "b"], [wire("a", "b")]), {}, before);
  const second = positions(graph(["new", "a", "b"], [wire("new", "a"), wire("a", "b")]), {}, before);
  expect(second.get("a")).toEqual(first.get("a"));
  expect(second.get("b")).toEqual(first.get("b"));
  expect(second.has("new")).toBe(true);
  const third = positions(graph(["a", "b"]), { nodes: { a: { x: 7, y: 8 } } }, before);
  expect(third.get("a")).toEqual({ x: 7, y: 8 });
  expect(third.get("b")).toEqual(first.get("b"));
});
