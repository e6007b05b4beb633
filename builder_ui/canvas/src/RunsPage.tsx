// All runs, and one of them in full: outcome, timeline, events.

import { useCallback, useEffect, useState } from "react";
import { readAddress, writeAddress } from "./address";
import { Problem } from "./api";
import { useEnv } from "./env";
import { EventList } from "./EventList";
import { textOf } from "./graph";
import { LangSwitch } from "./LangSwitch";
import { OVER, type AppInfo, type Lang, type Run } from "./model";
import { shortTime } from "./NodeView";
import { RunResult } from "./RunResult";
import { Timeline } from "./Timeline";
import { useRun } from "./useRun";

const PAGE = 50;
const REFRESH = 4000;

export function RunsPage({ onLang }: { onLang: (lang: Lang) => void }) {
  const { t, api, lang } = useEnv();
  const [list, setList] = useState<Run[] | null>(null);
  const [apps, setApps] = useState<AppInfo[]>([]);
  const [app, setApp] = useState(readAddress("app") ?? "");
  const [status, setStatus] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const [failure, setFailure] = useState<Problem | null>(null);
  const { runs, view } = useRun();
  const [chosen, setChosen] = useState<string | null>(() => readAddress("run"));

  const load = useCallback(async () => {
    const query = new URLSearchParams({ limit: String(limit), ...(app ? { app } : {}), ...(status ? { status } : {}) });
    try {
      setList((await api.get<{ runs: Run[] }>(`/v1/runs?${query}`)).runs);
      setFailure(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailure(error);
    }
  }, [api, app, status, limit]);
  useEffect(() => {
    void load();
    const timer = setInterval(() => {
      if (globalThis.document.visibilityState === "visible") void load();
    }, REFRESH);
    return () => clearInterval(timer);
  }, [load]);
  useEffect(() => {
    api.get<{ apps: AppInfo[] }>("/v1/apps").then(
      (told) => setApps(told.apps),
      () => undefined,
    );
  }, [api]);
  useEffect(() => {
    if (chosen) void runs.follow(chosen);
    else runs.clear();
    writeAddress({ run: chosen });
  }, [chosen, runs]);

  const nameOf = (id: string) => textOf(apps.find((one) => one.id === id)?.name, lang) || id;
  return (
    <div className="bg-runs">
      <div className="bg-list">
        <div className="bg-filters">
          <select aria-label={t("runs.app")} value={app} onChange={(event) => setApp(event.target.value)}>
            <option value="">{t("runs.all_apps")}</option>
            {[...new Set([...apps.map((one) => one.id), ...(list ?? []).map((run) => run.app)])].map((id) => (
              <option key={id} value={id}>
                {nameOf(id)}
              </option>
            ))}
          </select>
          <select aria-label={t("runs.status")} value={status} onChange={(event) => setStatus(event.target.value)}>
            <option value="">{t("runs.all_states")}</option>
            {["running", "waiting", "doubt", "ended", "failed", "cancelled"].map((one) => (
              <option key={one} value={one}>
                {t("run_status." + one)}
              </option>
            ))}
          </select>
          <span className="bg-gap" />
          <LangSwitch onLang={onLang} />
        </div>
        {failure && <p className="bg-error">{failure.detail}</p>}
        {list?.length === 0 && <p className="bg-hint">{t("runs.none")}</p>}
        {list?.map((run) => (
          <button
            type="button"
            key={run.run_id}
            className={`bg-runrow ${run.run_id === chosen ? "is-selected" : ""}`}
            data-run={run.run_id}
            onClick={() => setChosen(run.run_id)}
          >
            <span className={`bg-pill is-${run.status}`}>{t("run_status." + run.status)}</span>
            <b>{nameOf(run.app)}</b>
            <small>{new Date(run.created).toLocaleString(lang === "zh" ? "zh-CN" : "en-GB")}</small>
            <small>
              {run.ended !== null && run.started !== null ? shortTime((run.ended - run.started) / 1000) : ""}
            </small>
          </button>
        ))}
        {list !== null && list.length >= limit && (
          <button type="button" className="bg-quiet" onClick={() => setLimit(limit + PAGE)}>
            {t("runs.more")}
          </button>
        )}
      </div>
      <div className="bg-detail">
        {runs.problem && <p className="bg-error">{runs.problem.detail}</p>}
        {view ? (
          <RunDetail
            key={view.run.run_id}
            view={view}
            outputs={apps.find((one) => one.id === view.run.app)?.outputs ?? []}
            again={(id) => (id === chosen ? void runs.follow(id) : setChosen(id))}
          />
        ) : (
          !runs.problem && <p className="bg-hint">{t("runs.choose")}</p>
        )}
      </div>
    </div>
  );
}

type Part = "outcome" | "timeline" | "events";

function RunDetail({
  view,
  outputs,
  again,
}: {
  view: NonNullable<ReturnType<typeof useRun>["view"]>;
  outputs: AppInfo["outputs"];
  again: (id: string) => void;
}) {
  const { t, api, say, lang } = useEnv();
  const [part, setPart] = useState<Part>(["waiting", "doubt"].includes(view.run.status) ? "outcome" : "timeline");
  const { run } = view;
  const act = (what: string) => {
    api.post<Run & { identical?: boolean }>(`/v1/runs/${run.run_id}/${what}`).then(
      (answer) => {
        if (what === "replay")
          say(t(answer.identical ? "runs.identical" : "runs.different"), answer.identical ? "info" : "error");
        else again(run.run_id);
      },
      (error: Problem) => say(error.detail, "error"),
    );
  };
  return (
    <>
      <div className="bg-head">
        <code>{run.run_id}</code>
        <span className="bg-gap" />
        <a className="bg-quiet" href={`/builder?app=${run.app}&run=${run.run_id}&lang=${lang}`}>
          {t("runs.on_canvas")}
        </a>
        {!OVER.includes(run.status) && (
          <button type="button" className="bg-quiet" onClick={() => act("cancel")}>
            {t("runs.cancel")}
          </button>
        )}
        {run.status === "failed" && (
          <button type="button" className="bg-quiet" onClick={() => act("resume")}>
            {t("runs.resume")}
          </button>
        )}
        {run.status === "ended" && (
          <button type="button" className="bg-quiet" title={t("runs.replay_hint")} onClick={() => act("replay")}>
            {t("runs.replay")}
          </button>
        )}
      </div>
      <div className="bg-tabs" role="tablist">
        {(["timeline", "outcome", "events"] as const).map((one) => (
          <button type="button" role="tab" key={one} aria-selected={part === one} onClick={() => setPart(one)}>
            {t("runs." + one)}
          </button>
        ))}
      </div>
      {part === "timeline" && <Timeline view={view} />}
      {part === "outcome" && <RunResult view={view} outputs={outputs} onAnswered={() => undefined} />}
      {part === "events" && <EventList events={view.events} />}
    </>
  );
}
