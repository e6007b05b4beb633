// The canvas: nodes and wires of the draft, and the gestures that edit it.

import {
  Background,
  BackgroundVariant,
  Controls,
  MarkerType,
  MiniMap,
  ReactFlow,
  applyNodeChanges,
  useReactFlow,
  type Connection,
  type EdgeChange,
  type FinalConnectionState,
  type NodeChange,
  type OnConnectEnd,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { positions, type Point } from "./arrange";
import { moveOps, pinOps, removalOps } from "./canvasops";
import { ChoiceMenu } from "./ChoiceMenu";
import { judge, type Choice, type Verdict } from "./connect";
import type { DraftStore, View } from "./draft";
import { useEnv } from "./env";
import { INPUTS, type Graph, type Wire } from "./graph";
import type { NodeType, Op } from "./model";
import { addNodeOps, copyOps } from "./newnode";
import { NodeView, type CanvasNode } from "./NodeView";
import { DRAG_TYPE } from "./Palette";
import { QuickAdd } from "./QuickAdd";
import { useKeys } from "./useKeys";
import { WireView, type CanvasWire } from "./WireView";

const NODE_TYPES = { node: NodeView };
const WIRE_TYPES = { wire: WireView };

interface Props {
  store: DraftStore;
  view: View;
  graph: Graph;
  types: NodeType[];
  selected: string | null;
  onSelect: (id: string | null) => void;
  onRun: () => void;
}

type Menu =
  | { kind: "choice"; x: number; y: number; verdict: Verdict & { ok: true } }
  | { kind: "add"; x: number; y: number; place: Point };

export function Canvas({ store, view, graph, types, selected, onSelect, onRun }: Props) {
  const { t, say } = useEnv();
  const flow = useReactFlow<CanvasNode, CanvasWire>();
  const frame = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<Menu | null>(null);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [nodes, setNodes] = useNodes(graph, view, selected);
  const edges = useMemo(() => graph.wires.map((wire) => drawn(wire, picked)), [graph, picked]);
  useFirstFit(nodes.length > 0, flow.fitView);

  const refuse = useCallback(
    (verdict: Verdict & { ok: false }) => {
      say(t("connect." + verdict.reason, { from: verdict.from, to: verdict.to }), "error");
    },
    [say, t],
  );
  const judged = (
    connection: Connection | { source: string; sourceHandle: string; target: string; targetHandle: string | null },
  ) =>
    judge(
      graph,
      view.content.document,
      connection.source,
      connection.sourceHandle ?? "",
      connection.target,
      connection.targetHandle ?? null,
    );
  const connect = (verdict: Verdict, x: number, y: number) => {
    if (!verdict.ok) refuse(verdict);
    else if (verdict.choices.length > 1) setMenu({ kind: "choice", x, y, verdict });
    else if (!store.edit(verdict.ops())) say(t("connect.there"), "info");
  };
  const onConnectEnd: OnConnectEnd = (event, state: FinalConnectionState) => {
    const point = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
    const spot = { x: point.clientX, y: point.clientY };
    const from = state.fromHandle;
    if (!from) return;
    if (state.toHandle) {
      const [one, other] = from.type === "source" ? [from, state.toHandle] : [state.toHandle, from];
      const ends = {
        source: one.nodeId,
        sourceHandle: one.id ?? "",
        target: other.nodeId,
        targetHandle: other.id ?? null,
      };
      if (one.type === "source" && other.type === "target") connect(judged(ends), ...inside(frame.current, spot));
      return;
    }
    const body = nodeUnder(frame.current, spot);
    if (body !== null && from.type === "source" && body !== from.nodeId) {
      const ends = { source: from.nodeId, sourceHandle: from.id ?? "", target: body, targetHandle: null };
      connect(judged(ends), ...inside(frame.current, spot));
    }
  };

  const add = (type: NodeType, place: Point) => {
    const { id, ops } = addNodeOps(view.content, type, place);
    if (store.edit([...pinOps(view, nodes), ...ops])) onSelect(id);
  };
  const onDrop = (event: DragEvent) => {
    const type = types.find((one) => one.type === event.dataTransfer.getData(DRAG_TYPE));
    if (!type) return;
    event.preventDefault();
    add(type, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };
  const remove = () => {
    const ids = nodes.filter((node) => node.selected && node.id !== INPUTS).map((node) => node.id);
    const ops = removalOps(view, graph, ids, picked);
    if (ops === null) say(t("connect.in_text"), "error");
    else if (store.edit(ops) && ids.length > 0) onSelect(null);
  };
  const duplicate = () => {
    const ids = nodes.filter((node) => node.selected && node.id !== INPUTS).map((node) => node.id);
    const places = new Map(nodes.map((node) => [node.id, node.position]));
    const made = copyOps(view.content, ids, places);
    if (store.edit(made.ops)) onSelect(made.ids[0] ?? null);
  };
  const quickAdd = (spot: Point) => {
    const [x, y] = inside(frame.current, spot);
    setMenu({ kind: "add", x, y, place: flow.screenToFlowPosition(spot) });
  };
  useKeys(frame, {
    undo: () => store.undo(),
    redo: () => store.redo(),
    run: onRun,
    duplicate,
    remove,
    add: () => quickAdd(middle(frame.current)),
    close: () => setMenu(null),
  });
  const onNodesChange = (changes: NodeChange<CanvasNode>[]) => {
    setNodes((before) => applyNodeChanges(changes, before));
    const moved = changes.filter((one) => one.type === "position" && one.dragging === false && one.position);
    const ops: Op[] = moved.flatMap((one) =>
      one.type === "position" && one.position ? moveOps(view, one.id, one.position) : [],
    );
    const others = nodes.filter((node) => !moved.some((one) => one.type === "position" && one.id === node.id));
    if (ops.length > 0) store.edit([...pinOps(view, others), ...ops]);
  };
  const onEdgesChange = (changes: EdgeChange<CanvasWire>[]) =>
    setPicked((before) => {
      const next = new Set(before);
      for (const one of changes)
        if (one.type === "select") {
          if (one.selected) next.add(one.id);
          else next.delete(one.id);
        }
      return next;
    });

  return (
    <div
      className="bg-canvas"
      ref={frame}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
      onDoubleClick={(event) => {
        if ((event.target as HTMLElement).classList.contains("react-flow__pane"))
          quickAdd({ x: event.clientX, y: event.clientY });
      }}
    >
      <ReactFlow<CanvasNode, CanvasWire>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={WIRE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnectEnd={onConnectEnd}
        isValidConnection={(one) => judged(one as Connection).ok}
        onNodeClick={(_, node) => onSelect(node.id)}
        onPaneClick={() => {
          onSelect(null);
          setMenu(null);
        }}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        minZoom={0.1}
        maxZoom={2}
        connectionRadius={18}
        ariaLabelConfig={{
          "node.a11yDescription.default": t("a11y.node"),
          "node.a11yDescription.keyboardDisabled": t("a11y.node"),
          "edge.a11yDescription.default": t("a11y.edge"),
          "controls.ariaLabel": t("a11y.controls"),
          "controls.zoomIn.ariaLabel": t("a11y.zoom_in"),
          "controls.zoomOut.ariaLabel": t("a11y.zoom_out"),
          "controls.fitView.ariaLabel": t("a11y.fit"),
          "controls.interactive.ariaLabel": t("a11y.lock"),
          "minimap.ariaLabel": t("a11y.minimap"),
          "handle.ariaLabel": t("a11y.handle"),
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={18} size={1.2} />
        <Controls showInteractive={false} />
        <MiniMap pannable zoomable style={{ width: 144, height: 100 }} ariaLabel={t("a11y.minimap")} />
      </ReactFlow>
      {menu?.kind === "choice" && (
        <ChoiceMenu
          x={menu.x}
          y={menu.y}
          choices={menu.verdict.choices}
          onPick={(choice: Choice) => {
            store.edit(menu.verdict.ops(choice));
            setMenu(null);
          }}
          onClose={() => setMenu(null)}
        />
      )}
      {menu?.kind === "add" && (
        <QuickAdd
          x={menu.x}
          y={menu.y}
          types={types}
          onPick={(type) => {
            add(type, menu.place);
            setMenu(null);
          }}
          onClose={() => setMenu(null)}
        />
      )}
    </div>
  );
}

/** React Flow's nodes: measured sizes, selection and a drag in progress outlive a new graph. */
function useNodes(graph: Graph, view: View, selected: string | null) {
  const [nodes, setNodes] = useState<CanvasNode[]>([]);
  const foundBefore = useRef(new Map<string, Point>());
  useEffect(() => {
    const places = positions(graph, view.content.layout, foundBefore.current);
    setNodes((before) => {
      const known = new Map(before.map((node) => [node.id, node]));
      return graph.nodes.map((data): CanvasNode => {
        const old = known.get(data.id);
        const position = old?.dragging ? old.position : (places.get(data.id) ?? { x: 0, y: 0 });
        return { ...old, id: data.id, type: "node", position, data, selected: old?.selected ?? data.id === selected };
      });
    });
    // The selection has its own effect.
    // eslint-disable-next-line
  }, [graph, view.content.layout]);
  useEffect(() => {
    setNodes((before) =>
      before.some((node) => node.selected && node.id === selected)
        ? before
        : before.map((node) => ({ ...node, selected: node.id === selected })),
    );
  }, [selected]);
  return [nodes, setNodes] as const;
}

function useFirstFit(ready: boolean, fit: (options: { padding: number; maxZoom: number }) => unknown) {
  const done = useRef(false);
  useEffect(() => {
    if (!ready || done.current) return;
    done.current = true;
    const timer = setTimeout(() => void fit({ padding: 0.08, maxZoom: 1 }), 120);
    return () => clearTimeout(timer);
  }, [ready, fit]);
}

function drawn(wire: Wire, picked: ReadonlySet<string>): CanvasWire {
  const { id, source, sourceHandle, target, targetHandle } = wire;
  const marker = wire.kind === "control" ? { markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 } } : {};
  return {
    id,
    source,
    sourceHandle,
    target,
    targetHandle,
    type: "wire",
    data: { wire },
    selected: picked.has(id),
    ...marker,
  };
}

function inside(frame: HTMLElement | null, spot: Point): [number, number] {
  const box = frame?.getBoundingClientRect();
  return [spot.x - (box?.left ?? 0), spot.y - (box?.top ?? 0)];
}

function middle(frame: HTMLElement | null): Point {
  const box = frame?.getBoundingClientRect();
  return { x: (box?.left ?? 0) + (box?.width ?? 0) / 2 - 110, y: (box?.top ?? 0) + (box?.height ?? 0) / 3 };
}

function nodeUnder(frame: HTMLElement | null, spot: Point): string | null {
  const root = frame?.getRootNode() as Document | ShadowRoot | undefined;
  const found = root?.elementFromPoint(spot.x, spot.y)?.closest<HTMLElement>("[data-node]");
  return found?.dataset.node ?? null;
}
