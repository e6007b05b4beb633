// One question to two models: their answers side by side, with what each took.

import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { fresh, measure, take, type Answer } from "./answer";
import { Problem, type Api } from "./api";
import { AUTO, count, NONE, perSecond, usd, type Deployment } from "./deployments";
import { useEnv } from "./env";
import { NumberField, SelectField } from "./Field";
import { Icon } from "./icons";
import type { JsonObject } from "./json";
import { shortTime } from "./NodeView";

const SIDES = [0, 1] as const;
type Pair<T> = [T, T];

/** Two answers that grow; each is told once a frame. */
function useAnswers(api: Api, lost: string, onOver: () => void) {
  const [answers, setAnswers] = useState<Pair<Answer | null>>([null, null]);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const ask = async (bodies: Pair<JsonObject>) => {
    stop.current?.abort();
    const control = new AbortController();
    stop.current = control;
    const held: Pair<Answer> = [fresh(String(bodies[0].model), now()), fresh(String(bodies[1].model), now())];
    let told = 0;
    const tell = () => {
      told = 0;
      if (stop.current === control) setAnswers([held[0], held[1]]);
    };
    const follow = async (side: 0 | 1) => {
      const change = (next: Answer) => {
        held[side] = next;
        told ||= setTimeout(tell, 16) as unknown as number;
      };
      try {
        for await (const chunk of api.chat(bodies[side], control.signal)) change(take(held[side], chunk, now()));
        change({ ...held[side], state: control.signal.aborted ? "stopped" : "done" });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        change({ ...held[side], state: "failed", error: error.detail || lost });
      }
    };
    tell();
    await Promise.all(SIDES.map(follow));
    onOver();
  };
  return { answers, ask, stop: () => stop.current?.abort() };
}

const now = (): number => performance.now();

export function Playground({ models, onAnswered }: { models: readonly Deployment[]; onAnswered: () => void }) {
  const { t, api } = useEnv();
  const talkers = useMemo(() => models.filter((one) => one.caps.includes("chat")), [models]);
  const [chosen, setChosen] = useState<Pair<string>>(() => [talkers[0]?.id ?? AUTO, talkers[1]?.id ?? AUTO]);
  const [prompt, setPrompt] = useState("");
  const [system, setSystem] = useState("");
  const [temperature, setTemperature] = useState<number | null>(null);
  const [longest, setLongest] = useState<number | null>(null);
  const { answers, ask, stop } = useAnswers(api, t("playground.lost"), onAnswered);
  const promptId = useId();
  const systemId = useId();
  const busy = answers.some((one) => one?.state === "waiting" || one?.state === "writing");
  const ready = prompt.trim() !== "" && !busy;

  const send = () => {
    if (!ready) return;
    const messages = [
      ...(system.trim() ? [{ role: "system", content: system }] : []),
      { role: "user", content: prompt },
    ];
    const body = (model: string): JsonObject => ({
      model,
      messages,
      ...(temperature === null ? {} : { temperature }),
      ...(longest === null ? {} : { max_completion_tokens: longest }),
    });
    void ask([body(chosen[0]), body(chosen[1])]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  };
  const options = [
    ...talkers.map((one) => ({ value: one.id, label: one.id })),
    { value: AUTO, label: t("playground.auto") },
  ];
  return (
    <div className="bg-play" onKeyDown={onKeyDown}>
      <div className="bg-field bg-prompt">
        <label htmlFor={promptId}>{t("playground.prompt")}</label>
        <textarea
          id={promptId}
          rows={3}
          value={prompt}
          placeholder={t("playground.prompt_hint")}
          onChange={(event) => setPrompt(event.target.value)}
        />
      </div>
      <div className="bg-field bg-system">
        <label htmlFor={systemId}>{t("playground.system")}</label>
        <textarea id={systemId} rows={3} value={system} onChange={(event) => setSystem(event.target.value)} />
      </div>
      <div className="bg-knobs">
        <NumberField
          label={t("playground.temperature")}
          value={temperature}
          whole={false}
          min={0}
          max={2}
          placeholder={t("field.default")}
          onCommit={setTemperature}
        />
        <NumberField
          label={t("playground.longest")}
          value={longest}
          whole
          min={1}
          placeholder={t("field.default")}
          onCommit={setLongest}
        />
        {busy ? (
          <button type="button" className="bg-primary is-stop" onClick={stop}>
            <Icon name="stop" size={13} />
            {t("playground.stop")}
          </button>
        ) : (
          <button
            type="button"
            className="bg-primary"
            disabled={!ready}
            title={t("playground.ask_hint")}
            onClick={send}
          >
            <Icon name="play" size={13} />
            {t("playground.ask")}
          </button>
        )}
      </div>
      {SIDES.map((side) => (
        <section key={side} className="bg-side-answer" aria-label={t("playground.answer", { n: side + 1 })}>
          <SelectField
            label={t("playground.model", { n: side + 1 })}
            value={chosen[side]}
            options={options}
            onCommit={(value) => setChosen(side === 0 ? [value, chosen[1]] : [chosen[0], value])}
          />
          <AnswerView answer={answers[side]} models={models} />
        </section>
      ))}
    </div>
  );
}

function AnswerView({ answer, models }: { answer: Answer | null; models: readonly Deployment[] }) {
  const { t, lang } = useEnv();
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const text = answer?.text ?? "";
  useEffect(() => {
    if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const took = answer ? measure(answer, models) : null;
  const figures: [string, string][] = [
    ["models.first", took?.first_s == null ? NONE : shortTime(took.first_s)],
    ["models.speed", perSecond(took?.tokens_per_s ?? null)],
    ["playground.tokens", took?.tokens == null ? NONE : count(took.tokens, lang)],
    ["playground.cost", usd(took?.usd)],
  ];
  return (
    <>
      <div
        className="bg-answer"
        ref={box}
        tabIndex={0}
        role="region"
        aria-busy={answer?.state === "waiting" || answer?.state === "writing"}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 30;
        }}
      >
        {answer === null && <p className="bg-hint">{t("playground.none")}</p>}
        {answer?.state === "waiting" && <p className="bg-hint">{t("playground.waiting")}</p>}
        {text && <p className="bg-text">{text}</p>}
        {answer?.state === "done" && text === "" && <p className="bg-hint">{t("playground.empty")}</p>}
        {answer?.state === "failed" && (
          <p className="bg-error" role="alert">
            {answer.error}
          </p>
        )}
      </div>
      <dl className="bg-figures">
        {figures.map(([key, value]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="bg-hint bg-outcome" role="status">
        {answer ? outcome(answer, t) : " "}
      </p>
    </>
  );
}

function outcome(answer: Answer, t: ReturnType<typeof useEnv>["t"]): string {
  const said = t("answer." + answer.state);
  if (answer.state !== "done") return said;
  const who = t("playground.by", { name: answer.model });
  return answer.finish === "length" ? `${who} · ${t("playground.cut")}` : who;
}
