// The panel beside the canvas, of a width that the person chooses.

import { useRef, useState, type PointerEvent, type ReactNode } from "react";
import { useEnv } from "./env";

export type Tab = "inspect" | "run" | "problems";

const KEY = "baigong.panel";
const LEAST = 300;

interface Props {
  tab: Tab;
  onTab: (tab: Tab) => void;
  errors: number;
  findings: number;
  children: ReactNode;
}

export function SidePanel({ tab, onTab, errors, findings, children }: Props) {
  const { t } = useEnv();
  const [width, setWidth] = useState(() => Math.max(LEAST, Number(localStorage.getItem(KEY)) || 420));
  const start = useRef<{ x: number; width: number } | null>(null);
  const most = () => Math.max(LEAST, window.innerWidth - 560);
  const set = (next: number) => {
    const chosen = Math.round(Math.min(most(), Math.max(LEAST, next)));
    setWidth(chosen);
    localStorage.setItem(KEY, String(chosen));
  };
  const onMove = (event: PointerEvent) => {
    if (start.current) set(start.current.width + start.current.x - event.clientX);
  };
  return (
    <aside className="bg-side" style={{ width }}>
      <div
        className="bg-splitter"
        role="separator"
        aria-orientation="vertical"
        aria-label={t("panel.width")}
        aria-valuenow={width}
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = { x: event.clientX, width };
        }}
        onPointerMove={onMove}
        onPointerUp={() => {
          start.current = null;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") set(width + 40);
          if (event.key === "ArrowRight") set(width - 40);
        }}
      />
      <div className="bg-tabs" role="tablist">
        {(["inspect", "run", "problems"] as const).map((one) => (
          <button type="button" role="tab" key={one} aria-selected={tab === one} onClick={() => onTab(one)}>
            {t("panel." + one)}
            {one === "problems" && findings > 0 && (
              <span className={`bg-count ${errors > 0 ? "is-error" : "is-warning"}`}>{findings}</span>
            )}
          </button>
        ))}
      </div>
      <div className="bg-body" role="tabpanel">
        {children}
      </div>
    </aside>
  );
}
