// One node on the canvas: header, rows of typed ports and exits, and what a run does in it.

import { Handle, Position, useStore, useUpdateNodeInternals, type Node, type NodeProps } from "@xyflow/react";
import { memo, useContext, useEffect, useState, createContext, useSyncExternalStore } from "react";
import { useEnv } from "./env";
import { INPUTS, type NodeData, type Row } from "./graph";
import { Icon } from "./icons";
import type { NodeRun, RunStore } from "./runstore";
import { kindOf } from "./types";

export type CanvasNode = Node<NodeData, "node">;

/** The run that is shown, and the group of each node type. */
export const RunContext = createContext<{ runs: RunStore; groups: { [type: string]: string } } | null>(null);

const never = () => () => undefined;

/** Below this zoom a node shows its name alone, in large letters. */
const FAR = 0.5;

function useNodeRun(id: string): NodeRun | undefined {
  const runs = useContext(RunContext)?.runs;
  return useSyncExternalStore(runs?.subscribe ?? never, () => runs?.view?.nodes.get(id));
}

export const NodeView = memo(function NodeView({ id, data, selected }: NodeProps<CanvasNode>) {
  const { t } = useEnv();
  const groups = useContext(RunContext)?.groups ?? {};
  const run = useNodeRun(id);
  const [open, setOpen] = useState(false);
  const update = useUpdateNodeInternals();
  const far = useStore((flow) => flow.transform[2] < FAR);
  const inputs = open ? [...data.inputs, ...data.more] : data.inputs;
  const rows = inputs.length + data.outputs.length + data.exits.length;
  useEffect(() => update(id), [id, rows, data.takesMore, update]);
  const group = id === INPUTS ? "inputs" : (groups[data.type] ?? "data");
  const state = run ? `is-${run.status}` : "";
  return (
    <div
      className={`bg-node g-${group} ${state} ${selected ? "is-selected" : ""} ${far ? "is-far" : ""}`}
      data-node={id}
    >
      <div className="bg-far" aria-hidden="true">
        <span>{data.label}</span>
        {run && <small>{run.status === "ended" ? shortTime(lasted(run)) : t("status." + run.status)}</small>}
      </div>
      <header>
        {id !== INPUTS && <Handle type="target" position={Position.Left} id="enter" className="h-control" />}
        <span className="bg-badge">
          <Icon name={group} size={15} />
        </span>
        <span className="bg-title">
          <b>{data.label}</b>
          <small>{data.note || (id === INPUTS ? t("canvas.inputs_note") : t("node." + data.type))}</small>
        </span>
        {data.errors + data.warnings > 0 && (
          <span
            className={`bg-count ${data.errors > 0 ? "is-error" : "is-warning"}`}
            title={t("canvas.findings", { n: data.errors + data.warnings })}
          >
            {data.errors + data.warnings}
          </span>
        )}
        {id !== INPUTS && data.exits.length === 0 && data.type !== "end" && (
          <Handle type="source" position={Position.Right} id="exit:" className="h-control" title={t("canvas.then")} />
        )}
      </header>
      <div className="bg-rows">
        <div className="bg-ins">
          {inputs.map((row) => (
            <InputRow key={row.handle} row={row} />
          ))}
          {data.takesMore && (
            <div className="bg-row is-more">
              <Handle type="target" position={Position.Left} id="in:+" className="h-data k-json" />
              <span>{t("canvas.add_input")}</span>
            </div>
          )}
          {data.more.length > 0 && (
            <button type="button" className="bg-unfold nodrag" onClick={() => setOpen(!open)}>
              {open ? t("canvas.fewer") : t("canvas.more", { n: data.more.length })}
            </button>
          )}
        </div>
        <div className="bg-outs">
          {data.outputs.map((row) => (
            <div className="bg-row" key={row.handle} title={row.type}>
              <span>{row.name}</span>
              <Handle
                type="source"
                position={Position.Right}
                id={row.handle}
                className={`h-data k-${kindOf(row.shape)}`}
              />
            </div>
          ))}
          {data.exits.map((name) => (
            <div className={`bg-row is-exit ${run?.handle === name ? "is-taken" : ""}`} key={name}>
              <span>{name}</span>
              <Handle type="source" position={Position.Right} id={`exit:${name}`} className="h-control" />
            </div>
          ))}
        </div>
      </div>
      {run && <Progress run={run} />}
    </div>
  );
});

function InputRow({ row }: { row: Row }) {
  return (
    <div className={`bg-row ${row.fixed ? "is-fixed" : ""}`} title={row.type}>
      <Handle
        type="target"
        position={Position.Left}
        id={row.handle}
        className={`h-data k-${kindOf(row.shape)}`}
        isConnectable={!row.fixed}
      />
      <span>
        {row.name}
        {row.required && <i aria-hidden="true">*</i>}
      </span>
    </div>
  );
}

function Progress({ run }: { run: NodeRun }) {
  const { t } = useEnv();
  const seconds = run.ended === null ? null : lasted(run);
  return (
    <footer role="status">
      <span className="bg-dot" />
      <span>{t("status." + run.status)}</span>
      {seconds !== null && run.status === "ended" && <span className="bg-time">{shortTime(seconds)}</span>}
      {run.attempt > 1 && <span className="bg-time">{t("canvas.attempt", { n: run.attempt })}</span>}
      {run.error && <p className="bg-error">{run.error}</p>}
      {run.text && <p className="bg-stream">{run.text.slice(-220)}</p>}
    </footer>
  );
}

const lasted = (run: NodeRun): number => ((run.ended ?? 0) - (run.started ?? 0)) / 1000;

export function shortTime(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
