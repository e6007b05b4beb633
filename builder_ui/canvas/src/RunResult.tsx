// How a run stands: status, usage, error, open questions, and its outputs.

import { AskForm } from "./AskForm";
import { EffectForms } from "./EffectForms";
import { useEnv } from "./env";
import { textOf } from "./graph";
import { isObject, type JsonObject } from "./json";
import { OVER, type AppOutput, type Run } from "./model";
import { shortTime } from "./NodeView";
import { errorText, type RunView } from "./runstore";
import { ValueView } from "./ValueView";

export function RunResult({
  view,
  outputs,
  onAnswered,
}: {
  view: RunView;
  outputs: AppOutput[];
  onAnswered: () => void;
}) {
  const { t } = useEnv();
  const { run } = view;
  return (
    <div className="bg-result">
      <StatusLine run={run} />
      {run.error && (
        <div className="bg-alert" role="alert">
          <b>{errorText(run.error)}</b>
          {typeof run.error.fix === "string" && <p>{run.error.fix}</p>}
        </div>
      )}
      {run.status === "waiting" &&
        (run.asks ?? []).map((ask) => <AskForm key={ask.id} run={run.run_id} ask={ask} onAnswered={onAnswered} />)}
      {run.status === "doubt" && <EffectForms run={run.run_id} onSettled={onAnswered} />}
      {run.outputs && <Outputs values={run.outputs} outputs={outputs} />}
      {run.status === "running" && !run.outputs && <p className="bg-hint">{t("run.working")}</p>}
    </div>
  );
}

export function StatusLine({ run }: { run: Run }) {
  const { t } = useEnv();
  const usage = run.usage ?? {};
  const number = (name: string) => (typeof usage[name] === "number" ? (usage[name] as number) : 0);
  return (
    <p className="bg-status" role="status">
      <span className={`bg-pill is-${run.status}`}>{t("run_status." + run.status)}</span>
      {run.usage && OVER.includes(run.status) && (
        <small>
          {shortTime(number("seconds"))} · {t("run.tokens", { n: number("tokens") })} ·{" "}
          {t("run.calls", { n: number("tool_calls") })} · ${number("usd").toFixed(4)}
        </small>
      )}
    </p>
  );
}

/** Short outputs first, then what takes room; a file of HTML is the report and comes first of those. */
function Outputs({ values, outputs }: { values: JsonObject; outputs: AppOutput[] }) {
  const { lang } = useEnv();
  const known = outputs.filter((one) => one.name in values);
  const others = Object.keys(values).filter((name) => !known.some((one) => one.name === name));
  const all = [...known, ...others.map((name): AppOutput => ({ name, type: "", label: name }))];
  const weight = (name: string) => {
    const value = values[name];
    if (isObject(value) && String(value.media_type).startsWith("text/html")) return 1;
    return typeof value === "object" && value !== null ? 2 : 0;
  };
  return (
    <>
      {all
        .map((one, place) => ({ one, place }))
        .sort((a, b) => weight(a.one.name) - weight(b.one.name) || a.place - b.place)
        .map(({ one }) => (
          <section key={one.name} className="bg-output" data-output={one.name}>
            <h4>{textOf(one.label, lang) || one.name}</h4>
            <ValueView value={values[one.name]} type={one.type} />
          </section>
        ))}
    </>
  );
}
