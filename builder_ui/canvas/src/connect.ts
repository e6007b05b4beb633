// What a drag from one handle to another means, and why it may not be.

import { addEdgeOps } from "./newnode";
import { putOps } from "./edit";
import { after, INPUTS, type Graph, type NodeData, type Row } from "./graph";
import { isObject, pointer, type JsonObject } from "./json";
import type { Op } from "./model";
import { assignable, kindOf, typeText, ways, type Shape } from "./types";

/** A connection that can be made: from a way into an output to an input. */
export interface Choice {
  reference: string;
  port: string;
  type: string;
  kind: string;
}

export type Verdict =
  | { ok: true; ops: (choice?: Choice) => Op[]; choices: Choice[] }
  | { ok: false; reason: "self" | "cycle" | "type" | "kind" | "fixed"; from: string; to: string };

const no = (reason: "self" | "cycle" | "type" | "kind" | "fixed", from = "", to = ""): Verdict => ({
  ok: false,
  reason,
  from,
  to,
});

/** Judge a connection; `targetHandle` is null when it ends on the body of a node. */
export function judge(
  graph: Graph,
  document: JsonObject,
  source: string,
  sourceHandle: string,
  target: string,
  targetHandle: string | null,
): Verdict {
  if (source === target) return no("self");
  if (target === INPUTS) return no("kind");
  if (after(graph, target).has(source)) return no("cycle");
  const to = graph.nodes.find((node) => node.id === target);
  const from = graph.nodes.find((node) => node.id === source);
  if (!to || !from) return no("kind");
  if (sourceHandle.startsWith("exit:")) {
    if (targetHandle !== null && targetHandle !== "enter") return no("kind");
    const name = sourceHandle.slice(5);
    return { ok: true, choices: [], ops: () => addEdgeOps(document, name ? `${source}.${name}` : source, target) };
  }
  if (targetHandle === "enter") return no("kind");
  return judgeData(document, from, sourceHandle, to, targetHandle);
}

function judgeData(document: JsonObject, from: NodeData, handle: string, to: NodeData, end: string | null): Verdict {
  const output = from.outputs.find((row) => row.handle === handle);
  if (!output) return no("kind");
  const rows = [...to.inputs, ...to.more].filter((row) => !row.fixed);
  if (end !== null && end !== "in:+") {
    const row = [...to.inputs, ...to.more].find((one) => one.handle === end);
    if (!row || row.fixed) return no("fixed");
    const found = choicesFor(from.id, output, [row]);
    return found.length > 0 ? made(document, to, found) : no("type", shown(output.shape), shown(row.shape));
  }
  const found = end === "in:+" ? [] : choicesFor(from.id, output, rows);
  if (to.takesMore) found.push(...more(from.id, output, to));
  return found.length > 0 ? made(document, to, found) : no("type", shown(output.shape), to.label);
}

const shown = (shape: Shape | undefined): string => (shape === undefined ? "?" : typeText(shape));

function made(document: JsonObject, to: NodeData, choices: Choice[]): Verdict {
  return {
    ok: true,
    choices,
    ops: (choice = choices[0]) =>
      choice ? putOps(document, pointer("nodes", to.id, "in", choice.port), "${" + choice.reference + "}") : [],
  };
}

/** The connections from an output to some inputs: the whole value where it fits, else the fields that do. */
function choicesFor(source: string, output: Row, rows: Row[]): Choice[] {
  return rows.flatMap((row) => {
    const all = (output.shape === undefined ? [] : ways(output.shape)).filter(
      (way) => row.shape === undefined || assignable(way.shape, row.shape),
    );
    const whole = all.filter((way) => way.path.length === 0);
    const chosen = whole.length > 0 && row.shape !== "json" ? whole : all;
    if (output.shape === undefined) return [choice(source, output, [], row.name, "json")];
    return chosen.map((way) => choice(source, output, way.path, row.name, way.shape));
  });
}

function more(source: string, output: Row, to: NodeData): Choice[] {
  const taken = [...to.inputs, ...to.more].map((row) => row.name);
  let name = output.name;
  for (let number = 2; taken.includes(name); number++) name = `${output.name}_${number}`;
  return [choice(source, output, [], name, output.shape ?? "json")];
}

function choice(source: string, output: Row, path: string[], port: string, shape: Shape): Choice {
  return { reference: [source, output.name, ...path].join("."), port, type: typeText(shape), kind: kindOf(shape) };
}

export interface Variable {
  reference: string;
  type: string;
  kind: string;
  fits: boolean;
}

/** What a node may read: inputs and the outputs of every node that does not come after it; fitting ones first. */
export function variables(graph: Graph, node: string, wanted: Shape | undefined): Variable[] {
  const later = after(graph, node);
  const found: Variable[] = [];
  for (const other of graph.nodes) {
    if (other.id === node || later.has(other.id)) continue;
    for (const output of other.outputs)
      for (const way of output.shape === undefined ? [{ path: [], shape: "json" as Shape }] : ways(output.shape))
        found.push({
          reference: [other.id, output.name, ...way.path].join("."),
          type: typeText(way.shape),
          kind: kindOf(way.shape),
          fits: wanted === undefined || assignable(way.shape, wanted),
        });
  }
  return [...found.filter((one) => one.fits), ...found.filter((one) => !one.fits)];
}

/** Whether a value in the document is a whole object (a node's spec, say). */
export const nodeSpec = (document: JsonObject, id: string): JsonObject | null => {
  const spec = isObject(document.nodes) ? document.nodes[id] : undefined;
  return isObject(spec) ? spec : null;
};
