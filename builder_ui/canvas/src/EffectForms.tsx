// Effects that may or may not have happened: a person looks at the outside system and says which.

import { useEffect, useState } from "react";
import { Problem } from "./api";
import { useEnv } from "./env";
import { TextField } from "./Field";
import type { Json, JsonObject } from "./json";
import { useSend } from "./useSend";

interface Effect {
  effect: string;
  path: string;
  tool: string;
  state: string;
}

export function EffectForms({ run, onSettled }: { run: string; onSettled: () => void }) {
  const { api, say } = useEnv();
  const [effects, setEffects] = useState<Effect[]>([]);
  useEffect(() => {
    let gone = false;
    api.get<{ effects: Effect[] }>(`/v1/runs/${run}/effects`).then(
      (found) => gone || setEffects(found.effects.filter((one) => one.state === "doubt")),
      (error: unknown) => error instanceof Problem && say(error.detail, "error"),
    );
    return () => {
      gone = true;
    };
  }, [api, run, say]);
  return effects.map((one) => <EffectForm key={one.effect} run={run} effect={one} onSettled={onSettled} />);
}

function EffectForm({ run, effect, onSettled }: { run: string; effect: Effect; onSettled: () => void }) {
  const { t } = useEnv();
  const [result, setResult] = useState("");
  const [busy, send] = useSend(onSettled);
  const settle = (done: boolean) => {
    const said: JsonObject = done && result.trim() !== "" ? { result: valueOf(result) } : {};
    send(`/v1/runs/${run}/effects/${effect.effect}`, { done, ...said });
  };
  return (
    <section className="bg-ask" aria-label={t("effect.title", { tool: effect.tool })}>
      <h4>{t("effect.title", { tool: effect.tool })}</h4>
      <p className="bg-hint">{t("effect.hint", { node: effect.path })}</p>
      <TextField label={t("effect.result")} mono value={result} onCommit={setResult} />
      <div className="bg-actions">
        <button type="button" disabled={busy} onClick={() => settle(true)}>
          {t("effect.done")}
        </button>
        <button type="button" disabled={busy} onClick={() => settle(false)}>
          {t("effect.not_done")}
        </button>
      </div>
    </section>
  );
}

/** What was typed: JSON, or else a text. */
function valueOf(typed: string): Json {
  try {
    return JSON.parse(typed) as Json;
  } catch {
    return typed;
  }
}
