// The builder: palette, canvas, and beside it the inspector, the run and the findings.

import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { readAddress, writeAddress } from "./address";
import { Problem } from "./api";
import { AppForm } from "./AppForm";
import { Canvas } from "./Canvas";
import { arrangeOps, pinOps } from "./canvasops";
import { DraftStore, type View } from "./draft";
import { useEnv } from "./env";
import { Findings } from "./Findings";
import { buildGraph, INPUTS, textOf } from "./graph";
import { inputsOf, missing, outputsOf, startValues, type FormValues } from "./inputs";
import { Inspector } from "./Inspector";
import { at, type Json } from "./json";
import type { Label, Lang, NodeType, Op, Run } from "./model";
import { RunContext } from "./NodeView";
import { addNodeOps } from "./newnode";
import { Palette } from "./Palette";
import { RunForm } from "./RunForm";
import { RunResult } from "./RunResult";
import { SidePanel, type Tab } from "./SidePanel";
import { Toolbar } from "./Toolbar";
import { useRun } from "./useRun";

interface Props {
  app: string;
  onLang: (lang: Lang) => void;
}

export function Builder({ app, onLang }: Props) {
  const { api, say, t } = useEnv();
  const [store] = useState(() => new DraftStore(api, app));
  const [types, setTypes] = useState<NodeType[]>([]);
  const [failure, setFailure] = useState<Problem | null>(null);
  const view = useSyncExternalStore(store.subscribe, store.snapshot);
  useEffect(() => {
    store.refused = (problem) => say(t("saving.refused", { why: problem.detail }), "error");
  }, [store, say, t]);
  useEffect(() => {
    Promise.all([store.open(), api.get<{ nodes: NodeType[] }>("/v1/nodes").then((told) => setTypes(told.nodes))]).catch(
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        setFailure(error);
      },
    );
    const look = () => void store.settle().then(() => store.pull(), () => undefined); // prettier-ignore
    window.addEventListener("focus", look);
    return () => {
      window.removeEventListener("focus", look);
      store.close();
    };
  }, [store, api]);
  if (failure)
    return (
      <div className="bg-alert" role="alert">
        <b>{failure.detail}</b>
        <p>{failure.fix}</p>
      </div>
    );
  if (view === null || types.length === 0) return <p className="bg-loading">{t("builder.loading")}</p>;
  return (
    <ReactFlowProvider>
      <Desk app={app} store={store} view={view} types={types} onLang={onLang} />
    </ReactFlowProvider>
  );
}

function Desk({ app, store, view, types, onLang }: Props & { store: DraftStore; view: View; types: NodeType[] }) {
  const { api, t, lang, say } = useEnv();
  const flow = useReactFlow();
  const { runs, view: run } = useRun();
  const [selected, setSelected] = useState<string | null>(() => readAddress("node"));
  const [tab, setTab] = useState<Tab>(readAddress("run") ? "run" : "inspect");
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { document } = view.content;
  const graph = useMemo(
    () => buildGraph(view.content, view.sketch, view.diagnostics, lang),
    [view.content, view.sketch, view.diagnostics, lang],
  );
  const inputs = useMemo(() => inputsOf(document), [document]);
  const [values, setValues] = useState<FormValues>(() => startValues(inputs, lang));
  const groups = useMemo(() => Object.fromEntries(types.map((type) => [type.type, type.group])), [types]);
  const context = useMemo(() => ({ runs, groups }), [runs, groups]);
  const name = textOf(at(document, "/app/name") as Label, lang) || app;
  const busy = starting || (run !== null && !run.over && run.run.status !== "waiting");

  useEffect(() => {
    const id = readAddress("run");
    if (id) void runs.follow(id);
  }, [runs]);
  const select = (id: string | null) => {
    setSelected(id);
    writeAddress({ node: id });
    if (id !== null) setTab("inspect");
  };
  const edit = (ops: Op[]) => {
    if (ops.length > 0 && !store.edit(ops)) say(t("saving.cannot"), "error");
  };
  const start = async () => {
    setTab("run");
    const lacking = missing(inputs, values);
    if (lacking.length > 0) return say(t("run.missing", { names: lacking.join(", ") }), "error");
    setStarting(true);
    setProblem(null);
    runs.clear();
    try {
      await store.settle();
      if (store.view?.ok === false) {
        setTab("problems");
        return;
      }
      const given = Object.fromEntries(
        Object.entries(values).filter(([key]) => inputs.some((one) => one.name === key)),
      );
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      const made = await api.post<Run>(`/v1/apps/${app}/runs`, { inputs: given }, headers);
      writeAddress({ run: made.run_id });
      void runs.follow(made.run_id);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setStarting(false);
    }
  };
  const stop = () => {
    if (run) api.post(`/v1/runs/${run.run.run_id}/cancel`).catch((error: Problem) => say(error.detail, "error"));
  };
  const add = (type: NodeType) => {
    const { x, y, zoom } = flow.getViewport();
    const place = { x: (80 - x) / zoom, y: (60 - y) / zoom };
    const nodes = flow.getNodes();
    const taken = nodes.map((node) => node.position);
    while (taken.some((one) => Math.abs(one.x - place.x) < 24 && Math.abs(one.y - place.y) < 24)) {
      place.x += 32;
      place.y += 32;
    }
    const { id, ops } = addNodeOps(view.content, type, place);
    if (store.edit([...pinOps(view, nodes), ...ops])) select(id);
  };
  const arrange = () => {
    store.edit(arrangeOps(view, graph));
    setTimeout(() => void flow.fitView({ padding: 0.08, duration: 200 }), 60);
  };
  const errors = view.diagnostics.filter((one) => one.severity === "error").length;
  return (
    <RunContext.Provider value={context}>
      <div className="bg-desk">
        <Toolbar
          name={name}
          view={view}
          busy={busy}
          onUndo={() => store.undo()}
          onRedo={() => store.redo()}
          onArrange={arrange}
          onFit={() => void flow.fitView({ padding: 0.08, duration: 200 })}
          onRun={() => void start()}
          onStop={stop}
          onLang={onLang}
        />
        <Palette types={types} onAdd={add} />
        <Canvas
          store={store}
          view={view}
          graph={graph}
          types={types}
          selected={selected}
          onSelect={select}
          onRun={() => void start()}
        />
        <SidePanel tab={tab} onTab={setTab} errors={errors} findings={view.diagnostics.length}>
          {tab === "inspect" &&
            (selected === null || selected === INPUTS ? (
              <>
                <p className="bg-hint">{t("inspect.app")}</p>
                <AppForm document={document} onEdit={edit} />
              </>
            ) : (
              <Inspector
                id={selected}
                view={view}
                graph={graph}
                types={types}
                run={run?.nodes.get(selected)}
                onEdit={edit}
                onGone={() => select(null)}
              />
            ))}
          {tab === "problems" &&
            (view.diagnostics.length === 0 ? (
              <p className="bg-hint">{t("problems.none")}</p>
            ) : (
              <Findings findings={view.diagnostics} document={document} onFix={edit} onOpen={select} />
            ))}
          {tab === "run" && (
            <>
              <RunForm
                inputs={inputs}
                values={values}
                onChange={(key, value) => setValues((before) => changed(before, key, value))}
              />
              {starting && <p className="bg-hint">{t("run.preparing")}</p>}
              {(problem ?? runs.problem) && (
                <div className="bg-alert" role="alert">
                  <b>{(problem ?? runs.problem)?.detail}</b>
                  <p>{(problem ?? runs.problem)?.fix}</p>
                </div>
              )}
              {run && run.run.digest !== view.digest && !starting && <p className="bg-hint">{t("run.older")}</p>}
              {run && (
                <>
                  <RunResult view={run} outputs={outputsOf(document)} onAnswered={() => undefined} />
                  <a className="bg-link" href={`/runs?run=${run.run.run_id}&lang=${lang}`}>
                    {t("run.details")}
                  </a>
                </>
              )}
            </>
          )}
        </SidePanel>
      </div>
    </RunContext.Provider>
  );
}

function changed(before: FormValues, key: string, value: Json | undefined): FormValues {
  const next = { ...before };
  if (value === undefined) delete next[key];
  else next[key] = value;
  return next;
}
