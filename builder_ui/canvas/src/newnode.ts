// What a node dropped from the palette starts as, and the operations that add, copy and delete nodes.

import { at, isObject, pointer, same, type Json, type JsonObject } from "./json";
import { putOps } from "./edit";
import { simpleReference } from "./graph";
import type { Content, FieldSchema, NodeType, Op } from "./model";
import type { Point } from "./arrange";

const STARTS: { [type: string]: JsonObject } = {
  llm: { prompt: "" },
  agent: { in: { goal: "" } },
  retrieve: { from: "", in: { query: "" } },
  tool: { tool: "" },
  branch: { cases: { yes: "true" } },
  template: { text: "", format: "md" },
  transform: { out: { value: "" } },
  human: { actions: ["approve", "reject"] },
  classify: { labels: ["yes", "no"], in: { text: "" } },
  extract: { schema: { value: "string" }, in: { text: "" } },
  reply: { in: { text: "" } },
  list_op: { op: "sort", in: { list: "" } },
  assert: { assert: { holds: "true" } },
  map: { over: "", body: { nodes: {}, out: {} } },
  loop: { max: 3, body: { nodes: {}, out: {} } },
  try: { body: { nodes: {}, out: {} } },
  join: { in: { first: "", second: "" } },
  guard: { schema: { value: "string" }, in: { value: "" } },
  judge: { criteria: "", in: { text: "" } },
  wait: { for: "1h" },
  subflow: { app: "" },
  http: { url: "https://" },
  sql: { database: "", query: "" },
};

/** An id that no node has: the type, then the type with a number. */
export function freeId(document: JsonObject, base: string): string {
  const taken = isObject(document.nodes) ? document.nodes : {};
  const stem = base.replace(/_\d+$/, "");
  for (let number = 1; ; number++) {
    const id = number === 1 ? stem : `${stem}_${number}`;
    if (!(id in taken)) return id;
  }
}

const firstKey = (value: Json | undefined): string | undefined => (isObject(value) ? Object.keys(value)[0] : undefined);

/** Operations that add a node of a type at a place; the app's needs grow where it wants a model. */
export function addNodeOps(content: Content, type: NodeType, place: Point): { id: string; ops: Op[] } {
  const document = content.document;
  const id = freeId(document, type.type);
  const spec: JsonObject = { type: type.type, ...structuredClone(STARTS[type.type] ?? {}) };
  const properties = type.schema.properties ?? {};
  const ops: Op[] = [];
  for (const key of type.schema.required ?? []) if (!(key in spec)) spec[key] = emptyOf(properties[key]);
  if ("model" in properties) {
    const model = firstKey(at(document, "/requires/models"));
    spec.model = model ?? "main";
    if (model === undefined) ops.push(...putOps(document, "/requires/models/main", { caps: ["chat"] }));
  }
  if (type.type === "retrieve") spec.from = firstKey(at(document, "/requires/knowledge")) ?? "";
  if (type.type === "end")
    spec.in = Object.fromEntries(Object.keys(isObject(document.outputs) ? document.outputs : {}).map((k) => [k, ""]));
  ops.push(...putOps(document, pointer("nodes", id), spec));
  ops.push({ op: "move", path: pointer("nodes", id), value: { x: Math.round(place.x), y: Math.round(place.y) } });
  return { id, ops };
}

function emptyOf(schema: FieldSchema | undefined): Json {
  switch (schema?.type) {
    case "object":
      return {};
    case "array":
      return [];
    case "integer":
    case "number":
      return schema.minimum ?? 0;
    case "boolean":
      return false;
    default:
      return (schema?.enum?.[0] as Json | undefined) ?? "";
  }
}

/** Operations that copy nodes beside themselves. */
export function copyOps(content: Content, ids: string[], places: Map<string, Point>): { ids: string[]; ops: Op[] } {
  const nodes = { ...(isObject(content.document.nodes) ? content.document.nodes : {}) };
  const made: string[] = [];
  const ops: Op[] = [];
  for (const id of ids) {
    const spec = nodes[id];
    if (!isObject(spec)) continue;
    const copy = freeId({ nodes }, id);
    nodes[copy] = spec;
    made.push(copy);
    const place = places.get(id) ?? { x: 0, y: 0 };
    ops.push({ op: "add", path: pointer("nodes", copy), value: structuredClone(spec) });
    ops.push({ op: "move", path: pointer("nodes", copy), value: { x: place.x + 40, y: place.y + 40 } });
  }
  return { ids: made, ops };
}

/** Operations that delete nodes with their edges, and the inputs of others that hold nothing but a read of them. */
export function deleteOps(content: Content, ids: string[]): Op[] {
  const document = content.document;
  const nodes = isObject(document.nodes) ? document.nodes : {};
  const gone = ids.filter((id) => id in nodes);
  const ops: Op[] = edgeOps(document, (source, target) => gone.includes(source) || gone.includes(target));
  for (const [id, spec] of Object.entries(nodes)) {
    if (gone.includes(id) || !isObject(spec) || !isObject(spec.in)) continue;
    for (const [port, value] of Object.entries(spec.in)) {
      const read = simpleReference(value);
      if (read && gone.includes(read.from)) ops.push({ op: "del", path: pointer("nodes", id, "in", port), old: value });
    }
  }
  for (const id of gone) {
    ops.push({ op: "del", path: pointer("nodes", id), old: nodes[id] as Json });
    if (at(content.layout, pointer("nodes", id)) !== undefined)
      ops.push({ op: "move", path: pointer("nodes", id), value: null });
  }
  return ops;
}

/** Operations that delete edges, the last first so that numbers stay right. */
export function edgeOps(document: JsonObject, which: (source: string, target: string, index: number) => boolean): Op[] {
  const edges = Array.isArray(document.edges) ? document.edges : [];
  const ops: Op[] = [];
  for (let index = edges.length - 1; index >= 0; index--) {
    const edge = edges[index];
    if (!Array.isArray(edge)) continue;
    const source = String(edge[0]).split(".")[0] as string;
    if (which(source, String(edge[1]), index)) ops.push({ op: "del", path: `/edges/${index}`, old: edge });
  }
  return ops;
}

/** Operations that make an edge from an exit (`judge.yes` or `read`) to a node; none where it is there already. */
export function addEdgeOps(document: JsonObject, source: string, target: string): Op[] {
  const edges = document.edges;
  if (!Array.isArray(edges)) return putOps(document, "/edges", [[source, target]]);
  if (edges.some((edge) => same(edge, [source, target]))) return [];
  return [{ op: "add", path: "/edges/-", value: [source, target] }];
}
