// Operations of the canvas's gestures: moving, arranging, deleting what is chosen.

import { arrange, type Point } from "./arrange";
import type { View } from "./draft";
import type { Graph } from "./graph";
import { at, pointer } from "./json";
import type { Op } from "./model";
import { deleteOps, edgeOps } from "./newnode";

export function moveOps(view: View, id: string, place: Point): Op[] {
  const path = pointer("nodes", id);
  const value = { x: Math.round(place.x), y: Math.round(place.y) };
  const old = at(view.content.layout, path) as Point | undefined;
  return old?.x === value.x && old?.y === value.y ? [] : [{ op: "move", path, value }];
}

/** Operations that keep every node where it is shown, so that it is there again after the first change of a layout. */
export function pinOps(view: View, nodes: { id: string; position: Point }[]): Op[] {
  const free = nodes.filter((node) => at(view.content.layout, pointer("nodes", node.id)) === undefined);
  return free.flatMap((node) => moveOps(view, node.id, node.position));
}

/** Operations that put every node in its place of the automatic layout. */
export function arrangeOps(view: View, graph: Graph): Op[] {
  return [...arrange(graph)].flatMap(([id, place]) => moveOps(view, id, place));
}

/** Operations that delete nodes and wires; null where a wire is part of a longer expression. */
export function removalOps(view: View, graph: Graph, ids: string[], picked: ReadonlySet<string>): Op[] | null {
  const document = view.content.document;
  const wires = graph.wires.filter(
    (wire) => picked.has(wire.id) && !ids.includes(wire.source) && !ids.includes(wire.target),
  );
  const reads = wires.filter((wire) => wire.kind === "data");
  const values = reads.map((wire) => ({ wire, path: pointer("nodes", wire.target) + wire.at }));
  if (values.some(({ wire, path }) => at(document, path) !== "${" + [wire.source, ...wire.path].join(".") + "}"))
    return null;
  const numbers = wires.filter((wire) => wire.kind === "control").map((wire) => Number(wire.at));
  if (ids.length > 0) {
    // Deleting nodes takes their edges along; chosen edges between others go first, while numbers are right.
    const both = edgeOps(document, (from, to, at) => numbers.includes(at) || ids.includes(from) || ids.includes(to));
    const rest = deleteOps(view.content, ids).filter((op) => !op.path.startsWith("/edges/"));
    return [...values.map(({ path }) => del(document, path)), ...both, ...rest];
  }
  return [...values.map(({ path }) => del(document, path)), ...edgeOps(document, (_, __, at) => numbers.includes(at))];
}

const del = (document: View["content"]["document"], path: string): Op => ({
  op: "del",
  path,
  old: at(document, path) ?? null,
});
