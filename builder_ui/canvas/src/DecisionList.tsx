// The latest decisions of the router: who asked, who answered, why, and what it took.

import { Fragment, useCallback, useEffect, useRef, useState } from "react";
import { Problem } from "./api";
import { count, NONE, passedOver, percent, usd, type Attempt, type Decision, type Deployment } from "./deployments";
import { useEnv } from "./env";
import { textOf } from "./graph";
import type { AppInfo } from "./model";
import { shortTime } from "./NodeView";
import { useRefresh } from "./useRefresh";

const PAGE = 50;
const REFRESH = 3000;

interface Props {
  models: readonly Deployment[];
  deployment: string;
  onDeployment: (id: string) => void;
}

export function DecisionList({ models, deployment, onDeployment }: Props) {
  const { t, api, lang } = useEnv();
  const [list, setList] = useState<Decision[] | null>(null);
  const [apps, setApps] = useState<AppInfo[]>([]);
  const [limit, setLimit] = useState(PAGE);
  const [failure, setFailure] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const asked = useRef(0);
  const load = useCallback(async () => {
    const query = new URLSearchParams({ limit: String(limit), ...(deployment ? { deployment } : {}) });
    const number = ++asked.current;
    try {
      const told = await api.get<{ decisions: Decision[] }>(`/v1/models/decisions?${query}`);
      if (number !== asked.current) return; // an answer for another filter
      setList(told.decisions);
      setFailure("");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (number === asked.current) setFailure(error.detail);
    }
  }, [api, limit, deployment]);
  // While one is being read, the rows stay where they are.
  const reading = open !== null && list?.some((one) => one.id === open) === true;
  useRefresh(load, REFRESH, reading);
  useEffect(() => {
    api.get<{ apps: AppInfo[] }>("/v1/apps").then(
      (told) => setApps(told.apps),
      () => undefined,
    );
  }, [api]);
  const nameOf = (id: string) => textOf(apps.find((one) => one.id === id)?.name, lang) || id;
  const ids = [...new Set([...models.map((one) => one.id), ...(deployment ? [deployment] : [])])];
  return (
    <>
      <div className="bg-filters">
        <select
          aria-label={t("models.deployment")}
          value={deployment}
          onChange={(event) => onDeployment(event.target.value)}
        >
          <option value="">{t("decisions.all")}</option>
          {ids.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
        {failure && (
          <span className="bg-error" role="alert">
            {failure}
          </span>
        )}
        {reading && <span className="bg-hint">{t("decisions.paused")}</span>}
      </div>
      {list === null && !failure && <p className="bg-hint">{t("decisions.loading")}</p>}
      {list?.length === 0 && <p className="bg-hint">{t("decisions.none")}</p>}
      {list !== null && list.length > 0 && (
        <div className="bg-wide">
          <table className="bg-decisions">
            <thead>
              <tr>
                {["at", "caller", "chosen", "why"].map((one) => (
                  <th scope="col" key={one}>
                    {t("decisions." + one)}
                  </th>
                ))}
                {["seconds", "usd", "confidence"].map((one) => (
                  <th scope="col" key={one} className="is-number">
                    {t("decisions." + one)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <Fragment key={one.id}>
                  <DecisionRow
                    one={one}
                    caller={one.app ? nameOf(one.app) : (one.principal ?? NONE)}
                    open={open === one.id}
                    onOpen={() => setOpen(open === one.id ? null : one.id)}
                  />
                  {open === one.id && (
                    <tr>
                      <td colSpan={7}>
                        <DecisionDetail one={one} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list !== null && list.length >= limit && (
        <button type="button" className="bg-quiet" onClick={() => setLimit(limit + PAGE)}>
          {t("decisions.more")}
        </button>
      )}
    </>
  );
}

interface RowProps {
  one: Decision;
  caller: string;
  open: boolean;
  onOpen: () => void;
}

function DecisionRow({ one, caller, open, onOpen }: RowProps) {
  const { t, lang } = useEnv();
  const at = new Date(one.at);
  const locale = lang === "zh" ? "zh-CN" : "en-GB";
  return (
    <tr data-decision={one.id}>
      <td>
        <button type="button" className="bg-link" aria-expanded={open} title={t("decisions.details")} onClick={onOpen}>
          {at.toLocaleTimeString(locale)}
        </button>
        <small>{at.toLocaleDateString(locale)}</small>
      </td>
      <td>
        {caller}
        <small>{one.path || (one.app ? "" : t("decisions.direct"))}</small>
      </td>
      <td>
        {one.deployment ?? NONE}
        {one.error && <small className="is-bad">{t("decisions.failed", { code: one.error })}</small>}
      </td>
      <td>
        {t("reason." + one.reason)}
        <small>{t("policy." + one.policy)}</small>
      </td>
      <td className="is-number">{shortTime(one.seconds)}</td>
      <td className="is-number">{usd(one.usd)}</td>
      <td className="is-number">{percent(one.confidence)}</td>
    </tr>
  );
}

function DecisionDetail({ one }: { one: Decision }) {
  const { t, lang } = useEnv();
  const passed = Object.entries(one.passed_over ?? {});
  const attempts = one.attempts ?? [];
  return (
    <div className="bg-decision">
      <p>
        {t("decisions.used", { input: count(one.input_tokens, lang), output: count(one.output_tokens, lang) })}
        {one.model && ` · ${t("decisions.asked", { name: one.model })}`}
        {one.score !== null && ` · ${t("decisions.score", { share: percent(one.score) })}`}
        {one.run && (
          <>
            {" · "}
            <a href={`/runs?run=${encodeURIComponent(one.run)}&lang=${lang}`}>{t("decisions.run")}</a>
          </>
        )}
      </p>
      {attempts.length > 0 && (
        <>
          <h5>{t("decisions.attempts")}</h5>
          <ol>
            {attempts.map((attempt, place) => (
              <li key={place}>
                <b>{attempt.deployment}</b> {attemptText(attempt, t)}
              </li>
            ))}
          </ol>
        </>
      )}
      {passed.length > 0 && (
        <>
          <h5>{t("decisions.passed")}</h5>
          <ul>
            {passed.map(([id, why]) => (
              <li key={id}>
                <b>{id}</b> {passedOver(why, t)}
              </li>
            ))}
          </ul>
        </>
      )}
      {attempts.length === 0 && passed.length === 0 && <p className="bg-hint">{t("decisions.plain")}</p>}
    </div>
  );
}

function attemptText(attempt: Attempt, t: ReturnType<typeof useEnv>["t"]): string {
  if (attempt.doubt === undefined)
    return [t("decisions.failed", { code: attempt.code ?? "" }), attempt.problem].filter(Boolean).join(" · ");
  const said = t("doubt." + attempt.doubt);
  return attempt.confidence == null ? said : `${said} · ${t("decisions.sure", { share: percent(attempt.confidence) })}`;
}
