// A wire between ports, coloured by its type, or an edge between an exit and a header.

import { BaseEdge, getBezierPath, useStore, type Edge, type EdgeProps } from "@xyflow/react";
import { useContext, useSyncExternalStore } from "react";
import { INPUTS, type Wire } from "./graph";
import { RunContext } from "./NodeView";
import { kindOf } from "./types";

export type CanvasWire = Edge<{ wire: Wire }, "wire">;

const never = () => () => undefined;

/** How far a run has come on a wire: it flows while its target runs, and is dead where its source was skipped. */
function useFlow(wire: Wire | undefined): string {
  const runs = useContext(RunContext)?.runs;
  return useSyncExternalStore(runs?.subscribe ?? never, () => {
    const nodes = runs?.view?.nodes;
    if (!wire || !nodes || nodes.size === 0) return "";
    const source = nodes.get(wire.source);
    const exit = wire.sourceHandle.startsWith("exit:") ? wire.sourceHandle.slice(5) : "";
    if (source?.status === "skipped" || (source?.status === "ended" && exit && source.handle !== exit))
      return "is-dead";
    const target = nodes.get(wire.target)?.status;
    if (target === "running" || target === "waiting") return "is-flowing";
    return target === "ended" && (source !== undefined || wire.source === "inputs") ? "is-done" : "";
  });
}

export function WireView(props: EdgeProps<CanvasWire>) {
  const wire = props.data?.wire;
  const flow = useFlow(wire);
  const [path] = getBezierPath(props);
  const kind = wire?.kind === "control" ? "w-control" : `w-data k-${kindOf(wire?.shape)}`;
  const optional = wire?.optional ? "is-optional" : "";
  const near = useStore((flow) => [props.source, props.target].some((id) => flow.nodeLookup.get(id)?.selected));
  const place = `${wire?.source === INPUTS ? "from-inputs" : ""} ${near ? "is-near" : ""}`;
  return (
    <g className={`bg-wire ${kind} ${flow} ${optional} ${place} ${props.selected ? "is-selected" : ""}`}>
      <BaseEdge id={props.id} path={path} interactionWidth={14} markerEnd={props.markerEnd} />
    </g>
  );
}
