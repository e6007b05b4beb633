// Positions: what layout.json says, and a left-to-right layering (dagre) where it says nothing.

import dagre from "@dagrejs/dagre";
import { isObject, type JsonObject } from "./json";
import type { Graph, NodeData } from "./graph";

export interface Point {
  x: number;
  y: number;
}

export const WIDTH = 220;
const HEAD = 46;
const ROW = 22;
/** Room for what a run writes below. */
const STATUS = 26;

export function heightOf(node: NodeData): number {
  const left = node.inputs.length + (node.takesMore ? 1 : 0);
  const more = node.more.length > 0 ? ROW : 0;
  return HEAD + ROW * Math.max(left, node.outputs.length + node.exits.length) + more + STATUS + 10;
}

/** Lay all nodes out anew. */
export function arrange(graph: Graph): Map<string, Point> {
  const dag = new dagre.graphlib.Graph();
  dag.setGraph({ rankdir: "LR", nodesep: 28, ranksep: 64, ranker: "network-simplex" });
  dag.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) dag.setNode(node.id, { width: WIDTH, height: heightOf(node) });
  for (const wire of graph.wires) dag.setEdge(wire.source, wire.target);
  dagre.layout(dag);
  const found = new Map<string, Point>();
  for (const node of graph.nodes) {
    const { x, y, height } = dag.node(node.id) as { x: number; y: number; height: number };
    found.set(node.id, { x: Math.round(x - WIDTH / 2), y: Math.round(y - height / 2) });
  }
  return found;
}

/**
 * Positions of all nodes: those that are kept in the layout, and a place for each that has none.
 *
 * A place that was found for a node is its place from then on (`foundBefore`): nodes do not jump when others come.
 */
export function positions(graph: Graph, layout: JsonObject, foundBefore: Map<string, Point>): Map<string, Point> {
  const kept = isObject(layout.nodes) ? layout.nodes : {};
  const found = new Map<string, Point>();
  for (const node of graph.nodes) {
    const place = kept[node.id];
    if (isObject(place) && typeof place.x === "number" && typeof place.y === "number")
      found.set(node.id, { x: place.x, y: place.y });
  }
  const without = graph.nodes.filter((node) => !found.has(node.id));
  if (without.some((node) => !foundBefore.has(node.id)))
    for (const [id, place] of arrange(graph)) if (!foundBefore.has(id)) foundBefore.set(id, place);
  for (const node of without) found.set(node.id, foundBefore.get(node.id) as Point);
  return found;
}
