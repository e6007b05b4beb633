// From an app to what the canvas draws: nodes with rows of ports, wires between ports, edges between exits and headers.

import { isObject, type Json, type JsonObject } from "./json";
import type { Content, Diagnostic, Label, Lang, Port, Sketch } from "./model";
import type { Shape } from "./types";

export const INPUTS = "inputs";

export interface Row {
  name: string;
  /** Handle id: `in:/in/query`, `out:text`. */
  handle: string;
  type?: string;
  shape?: Shape;
  required?: boolean;
  /** Whether a wire may end here: a condition only shows what it reads. */
  fixed?: boolean;
}

export interface NodeData extends Record<string, unknown> {
  id: string;
  type: string;
  label: string;
  note: string;
  inputs: Row[];
  /** Inputs that are neither connected nor required; they show when the node is selected. */
  more: Row[];
  takesMore: boolean;
  outputs: Row[];
  exits: string[];
  errors: number;
  warnings: number;
}

export interface Wire {
  id: string;
  kind: "data" | "control";
  source: string;
  sourceHandle: string;
  target: string;
  targetHandle: string;
  /** The place below the target node that reads (`/in/query`), or the number of the edge. */
  at: string;
  path: string[];
  shape?: Shape;
  optional: boolean;
}

export interface Graph {
  nodes: NodeData[];
  wires: Wire[];
}

export function textOf(label: Label, lang: Lang): string {
  if (label === null || label === undefined) return "";
  if (typeof label === "string") return label;
  return label[lang] ?? label[lang === "en" ? "zh" : "en"] ?? "";
}

const SIMPLE = /^\$\{\s*([a-z][a-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*\}$/;

/** What a value reads when it is exactly one reference. */
export function simpleReference(value: Json | undefined): { from: string; path: string[] } | null {
  const found = typeof value === "string" ? SIMPLE.exec(value) : null;
  return found ? { from: found[1] as string, path: (found[2] as string).slice(1).split(".") } : null;
}

const nodesOf = (content: Content): JsonObject =>
  isObject(content.document.nodes) ? (content.document.nodes as JsonObject) : {};

export function buildGraph(content: Content, sketch: Sketch, diagnostics: Diagnostic[], lang: Lang): Graph {
  const specs = nodesOf(content);
  const wires = [...dataWires(specs, sketch), ...controlWires(content, specs)];
  const nodes = Object.entries(specs)
    .filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
    .map(([id, spec]) => nodeData(id, spec, sketch, diagnostics, wires, lang));
  return { nodes: [inputsNode(content, sketch, lang), ...nodes], wires };
}

function inputsNode(content: Content, sketch: Sketch, lang: Lang): NodeData {
  const declared = isObject(content.document.inputs) ? content.document.inputs : {};
  const names = Object.keys(declared);
  const outputs = names.map((name) => outRow(name, sketch.inputs[name]));
  const label = lang === "en" ? "Inputs" : "输入";
  return {
    id: INPUTS, type: INPUTS, label, note: "", inputs: [], more: [], takesMore: false, outputs, exits: [], errors: 0, warnings: 0,
  }; // prettier-ignore
}

const outRow = (name: string, port: Port | undefined): Row => ({
  name,
  handle: `out:${name}`,
  type: port?.type,
  shape: port?.shape,
});

function nodeData(
  id: string,
  spec: JsonObject,
  sketch: Sketch,
  diagnostics: Diagnostic[],
  wires: Wire[],
  lang: Lang,
): NodeData {
  const known = sketch.nodes[id];
  const own = diagnostics.filter((one) => one.node === id || one.path.startsWith(`/nodes/${id}/`));
  const bound = isObject(spec.in) ? spec.in : {};
  const rows: Row[] = Object.entries(known?.inputs ?? {}).map(([name, port]) => ({
    name, handle: `in:/in/${name}`, type: port.type, shape: port.shape, required: port.required,
  })); // prettier-ignore
  for (const name of Object.keys(bound))
    if (!rows.some((row) => row.name === name)) rows.push({ name, handle: `in:/in/${name}` });
  const shown = rows.filter((row) => row.name in bound || row.required);
  const places = wires.filter((wire) => wire.kind === "data" && wire.target === id && !wire.at.startsWith("/in/"));
  for (const at of new Set(places.map((wire) => wire.at)))
    shown.push({ name: at.split("/").pop() ?? at, handle: `in:${at}`, fixed: true });
  const outputs = Object.entries(known?.outputs ?? {}).map(([name, port]) => outRow(name, port));
  for (const wire of wires)
    if (wire.source === id && wire.kind === "data" && !outputs.some((row) => row.handle === wire.sourceHandle))
      outputs.push({ name: wire.path[0] ?? "", handle: wire.sourceHandle });
  const exits = [...(known?.handles ?? exitsOf(spec))];
  for (const wire of wires)
    if (wire.source === id && wire.kind === "control" && wire.sourceHandle !== "exit:") {
      const name = wire.sourceHandle.slice(5);
      if (!exits.includes(name)) exits.push(name);
    }
  return {
    id,
    type: String(spec.type),
    label: textOf(spec.label as Label, lang) || id,
    note: noteOf(spec),
    inputs: shown,
    more: rows.filter((row) => !shown.includes(row)),
    takesMore: known?.takes_more ?? false,
    outputs,
    exits,
    errors: own.filter((one) => one.severity === "error").length,
    warnings: own.filter((one) => one.severity === "warning").length,
  };
}

/** The exits of a node that the compiler has not read yet. */
function exitsOf(spec: JsonObject): string[] {
  if (spec.type === "branch" && isObject(spec.cases)) return [...Object.keys(spec.cases), "else"];
  if (spec.type === "human" && Array.isArray(spec.actions)) return spec.actions.map(String);
  return [];
}

function noteOf(spec: JsonObject): string {
  const inside = isObject(spec.body) && isObject(spec.body.nodes) ? Object.keys(spec.body.nodes) : [];
  if (inside.length > 0) return inside.join(" · ");
  for (const key of ["tool", "from", "model", "strategy", "file"])
    if (typeof spec[key] === "string" && spec[key] !== "") return spec[key];
  return "";
}

function dataWires(specs: JsonObject, sketch: Sketch): Wire[] {
  const found: Wire[] = [];
  const add = (target: string, at: string, from: string, path: string[], optional: boolean) => {
    if (from !== INPUTS && !(from in specs)) return;
    const port = path[0];
    if (port === undefined) return;
    const id = `${from}.${path.join(".")}>${target}${at}`;
    if (found.some((wire) => wire.id === id)) return;
    const source = from === INPUTS ? sketch.inputs[port] : sketch.nodes[from]?.outputs[port];
    found.push({
      id, kind: "data", source: from, sourceHandle: `out:${port}`, target, targetHandle: `in:${at}`, at, path, optional,
      shape: source?.shape,
    }); // prettier-ignore
  };
  for (const [id, spec] of Object.entries(specs)) {
    if (!isObject(spec)) continue;
    const bound = isObject(spec.in) ? spec.in : {};
    for (const [name, value] of Object.entries(bound)) {
      const simple = simpleReference(value);
      if (simple) add(id, `/in/${name}`, simple.from, simple.path, false);
    }
    for (const wire of sketch.nodes[id]?.wires ?? []) {
      const name = wire.at.startsWith("/in/") ? wire.at.slice(4) : null;
      if (name !== null && (!(name in bound) || simpleReference(bound[name]))) continue;
      add(id, wire.at, wire.from, wire.path, wire.optional);
    }
  }
  return found;
}

function controlWires(content: Content, specs: JsonObject): Wire[] {
  const edges = Array.isArray(content.document.edges) ? content.document.edges : [];
  return edges.flatMap((edge, index): Wire[] => {
    if (!Array.isArray(edge) || typeof edge[0] !== "string" || typeof edge[1] !== "string") return [];
    const [source, handle = ""] = edge[0].split(".") as [string, string?];
    if (!(source in specs) || !(edge[1] in specs)) return [];
    return [
      {
        id: `edge:${edge[0]}>${edge[1]}`, kind: "control", source, sourceHandle: `exit:${handle}`, target: edge[1],
        targetHandle: "enter", at: String(index), path: [], optional: false,
      },
    ]; // prettier-ignore
  });
}

/** Every node that comes after one, by wires or edges. */
export function after(graph: Graph, start: string): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const wire of graph.wires)
      if (wire.source === id && !found.has(wire.target)) {
        found.add(wire.target);
        open.push(wire.target);
      }
  return found;
}
