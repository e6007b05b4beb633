// When each node of a run worked, as bars on one scale, and what it gave.

import { useState } from "react";
import { useEnv } from "./env";
import { shortTime } from "./NodeView";
import type { NodeRun, RunView } from "./runstore";
import { ValueView } from "./ValueView";

export function Timeline({ view }: { view: RunView }) {
  const { t } = useEnv();
  const [open, setOpen] = useState<string | null>(null);
  const rows = [...view.nodes].filter(([, node]) => node.started !== null);
  const first = view.events[0]?.at ?? 0;
  const last = Math.max(first + 1, ...view.events.map((event) => event.at ?? 0));
  const share = (time: number) => `${((time - first) / (last - first)) * 100}%`;
  if (rows.length === 0) return <p className="bg-hint">{t("runs.no_nodes")}</p>;
  return (
    <div className="bg-timeline">
      <p className="bg-scale">
        <span>0</span>
        <span>{shortTime((last - first) / 1000)}</span>
      </p>
      {rows.map(([path, node]) => (
        <div key={path}>
          <button
            type="button"
            className={`bg-span is-${node.status}`}
            aria-expanded={open === path}
            onClick={() => setOpen(open === path ? null : path)}
          >
            <code>{path}</code>
            <span className="bg-track">
              <i style={{ left: share(node.started ?? first), width: barWidth(node, first, last) }} />
            </span>
            <small>
              {node.status === "skipped"
                ? t("status.skipped")
                : node.ended === null
                  ? "…"
                  : shortTime((node.ended - (node.started ?? 0)) / 1000)}
            </small>
          </button>
          {open === path && <Details node={node} />}
        </div>
      ))}
    </div>
  );
}

function barWidth(node: NodeRun, first: number, last: number): string {
  const end = node.ended ?? last;
  return `max(3px, ${((end - (node.started ?? first)) / (last - first)) * 100}%)`;
}

function Details({ node }: { node: NodeRun }) {
  const { t } = useEnv();
  return (
    <div className="bg-details">
      {node.error && <p className="bg-error">{node.error}</p>}
      {node.handle && node.handle !== "ok" && (
        <p>
          {t("runs.took")} <code>{node.handle}</code>
        </p>
      )}
      {Object.entries(node.ports ?? {}).map(([name, value]) => (
        <div key={name}>
          <h5>{name}</h5>
          <ValueView value={value} />
        </div>
      ))}
      {!node.error && Object.keys(node.ports ?? {}).length === 0 && <p className="bg-hint">{t("runs.nothing")}</p>}
    </div>
  );
}
