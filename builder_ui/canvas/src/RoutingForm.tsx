// How a deployment is chosen: the policy, its numbers, and what it would have meant for recorded requests.

import { useEffect, useId, useRef, useState } from "react";
import { Problem } from "./api";
import { DEFAULTS, differs, POLICIES, type Routing } from "./deployments";
import { useEnv } from "./env";
import { NumberField } from "./Field";
import { WhatIfTable } from "./WhatIfTable";

interface Props {
  kept: Routing;
  shown: boolean;
  onSaved: (routing: Routing) => void;
}

export function RoutingForm({ kept, shown, onSaved }: Props) {
  const { t, api, say } = useEnv();
  const [edited, setEdited] = useState<Routing | null>(null);
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState("");
  const [round, setRound] = useState(0);
  const form = useRef<HTMLDivElement>(null);
  const name = useId();
  const routing = edited ?? kept;
  const dirty = edited !== null && differs(edited, kept);
  useEffect(() => {
    if (edited !== null && !differs(edited, kept)) setEdited(null); // what others save is followed again
  }, [edited, kept]);
  const set = (part: Partial<Routing>) => setEdited((before) => ({ ...(before ?? kept), ...part }));
  const undo = () => {
    setEdited(null);
    setRound(round + 1); // what was typed and not taken goes, too
    setFailure("");
  };
  // The button takes the click that commits what was typed last, so it is dimmed and not disabled.
  const save = async () => {
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (wrong) wrong.focus();
    if (wrong || !dirty || saving) return;
    setSaving(true);
    setFailure("");
    try {
      onSaved(await api.put<Routing>("/v1/models/routing", routing));
      setEdited(null);
      say(t("routing.saved"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailure(error.fix ? `${error.detail} ${error.fix}` : error.detail);
    } finally {
      setSaving(false);
    }
  };
  const number = (key: "confidence" | "target" | "outcomes" | "failures" | "cooldown", min: number, max?: number) => (
    <NumberField
      key={`${key}-${round}`}
      label={t("routing." + key)}
      value={routing[key]}
      whole={key === "outcomes" || key === "failures"}
      min={min}
      max={max}
      placeholder={String(DEFAULTS[key])}
      onCommit={(value) => set({ [key]: value ?? DEFAULTS[key] })}
    />
  );
  return (
    <div className="bg-routing">
      <div className="bg-form" ref={form}>
        <fieldset className="bg-field bg-policies">
          <legend>{t("routing.policy")}</legend>
          {POLICIES.map((policy) => (
            <label key={policy} className="bg-policy">
              <input
                type="radio"
                name={name}
                value={policy}
                checked={routing.policy === policy}
                onChange={() => set({ policy })}
              />
              <span>
                <b>{t("policy." + policy)}</b>
                <small>{t(`policy.${policy}_hint`)}</small>
              </span>
            </label>
          ))}
        </fieldset>
        {routing.policy === "local_first" && <div className="bg-numbers">{number("confidence", 0, 1)}</div>}
        {routing.policy === "learned" && (
          <>
            <div className="bg-numbers">
              {number("target", 0, 1)}
              {number("outcomes", 1)}
            </div>
            <label className="bg-check">
              <input type="checkbox" checked={routing.learn} onChange={() => set({ learn: !routing.learn })} />
              {t("routing.learn")}
            </label>
          </>
        )}
        <h5>{t("routing.breaker")}</h5>
        <div className="bg-numbers">
          {number("failures", 1)}
          {number("cooldown", 0.1)}
        </div>
        <div className="bg-save">
          <button type="button" className="bg-primary" aria-disabled={!dirty || saving} onClick={() => void save()}>
            {t("routing.save")}
          </button>
          <button type="button" className="bg-quiet" aria-disabled={!dirty || saving} onClick={undo}>
            {t("routing.undo")}
          </button>
          <span className="bg-hint" role="status">
            {dirty ? t("routing.dirty") : ""}
          </span>
        </div>
        {failure && (
          <p className="bg-error" role="alert">
            {failure}
          </p>
        )}
      </div>
      <WhatIfTable routing={routing} kept={kept} shown={shown} />
    </div>
  );
}
