// Every deployment: where it is, what it can do, how it fares, what it took today.

import { count, NONE, perSecond, stateOf, usd, type Deployment } from "./deployments";
import { useEnv } from "./env";
import { shortTime } from "./NodeView";

interface Props {
  models: readonly Deployment[];
  onCalls: (deployment: string) => void;
}

const seconds = (value: number | null): string => (value === null ? NONE : shortTime(value));

export function DeploymentTable({ models, onCalls }: Props) {
  const { t } = useEnv();
  if (models.length === 0) return <p className="bg-hint">{t("models.none")}</p>;
  return (
    <div className="bg-wide">
      <table className="bg-deployments">
        <thead>
          <tr>
            <th scope="col">{t("models.deployment")}</th>
            <th scope="col">{t("models.where")}</th>
            <th scope="col">{t("models.caps")}</th>
            <th scope="col">{t("models.health")}</th>
            <th scope="col" className="is-number" title={t("models.lately")}>
              {t("models.first")}
            </th>
            <th scope="col" className="is-number" title={t("models.lately")}>
              {t("models.speed")}
            </th>
            <th scope="col" className="is-number" title={t("models.p95_hint")}>
              {t("models.p95")}
            </th>
            <th scope="col" className="is-number">
              {t("models.calls_today")}
            </th>
            <th scope="col" className="is-number">
              {t("models.usd_today")}
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((one) => (
            <DeploymentRow key={one.id} one={one} onCalls={onCalls} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function DeploymentRow({ one, onCalls }: { one: Deployment; onCalls: (deployment: string) => void }) {
  const { t, lang } = useEnv();
  const { health, today } = one;
  return (
    <tr data-deployment={one.id}>
      <th scope="row">
        <b>{one.id}</b>
        <small title={t("models.price_hint")}>
          {one.price.input || one.price.output
            ? t("models.price", { input: usd(one.price.input), output: usd(one.price.output) })
            : t("models.free")}
        </small>
      </th>
      <td>{one.local ? t("models.here") : (one.residency ?? t("models.elsewhere"))}</td>
      <td>
        <span className="bg-chips">
          {one.caps.map((cap) => (
            <span key={cap} className="bg-chip" title={cap}>
              {t("cap." + cap)}
            </span>
          ))}
        </span>
        <small>{t("models.context", { n: count(one.context, lang) })}</small>
      </td>
      <td className="bg-health">
        <HealthState health={health} />
      </td>
      <td className="is-number">{seconds(health.first_s)}</td>
      <td className="is-number">{perSecond(health.tokens_per_s)}</td>
      <td className="is-number">{seconds(health.p95_s)}</td>
      <td className="is-number">
        {today.calls > 0 ? (
          <button
            type="button"
            className="bg-link"
            title={t("models.show_decisions")}
            aria-label={t("models.show_calls", { n: today.calls, name: one.id })}
            onClick={() => onCalls(one.id)}
          >
            {count(today.calls, lang)}
          </button>
        ) : (
          "0"
        )}
        <small className={today.failures > 0 ? "is-bad" : ""}>
          {today.failures > 0 ? t("models.failed", { n: count(today.failures, lang) }) : " "}
        </small>
      </td>
      <td className="is-number">
        {usd(today.usd)}
        <small>{t("run.tokens", { n: count(today.tokens, lang) })}</small>
      </td>
    </tr>
  );
}

function HealthState({ health }: { health: Deployment["health"] }) {
  const { t } = useEnv();
  const { tone, key } = stateOf(health);
  const again =
    health.state === "open" && health.retry_after !== null
      ? t("health.again", { n: Math.max(1, Math.ceil(health.retry_after)) })
      : "";
  const problem = health.problem ?? "";
  return (
    <>
      <span className={`bg-state is-${tone}`}>
        <i className="bg-dot" aria-hidden="true" />
        {t(key, { n: health.active })}
      </span>
      <small title={problem || undefined}>{[again, problem].filter(Boolean).join(" · ") || " "}</small>
    </>
  );
}
