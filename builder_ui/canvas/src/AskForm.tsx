// A question of a run to a person: what is shown, the fields to fill in, one button per action.

import { useState } from "react";
import { useEnv } from "./env";
import { RunForm } from "./RunForm";
import { startValues, type FormValues } from "./inputs";
import { isObject, type JsonObject } from "./json";
import type { AppInput, Ask } from "./model";
import { useSend } from "./useSend";
import { ValueView } from "./ValueView";

/** The type that a form's field of a JSON Schema is drawn as. */
function typeOf(schema: JsonObject): { type: string; required: boolean } {
  const ways = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [schema];
  const found = ways.find((one) => one.type !== "null") ?? {};
  const known = ["string", "integer", "number", "boolean"].includes(String(found.type));
  return { type: known ? String(found.type) : "json", required: ways.every((one) => one.type !== "null") };
}

function fieldsOf(form: JsonObject): AppInput[] {
  return Object.entries(form).map(([name, schema]) => {
    const spec = isObject(schema) ? schema : {};
    return {
      name,
      ...typeOf(spec),
      default: spec.default ?? null,
      label: name,
      description: "",
      choices: Array.isArray(spec.enum) ? spec.enum : null,
    };
  });
}

const TITLES: Record<string, string> = { approval: "ask.approval", budget: "ask.budget" };

/** What we ask ourselves has actions that we can name in the reader's language. */
const KNOWN = ["approve", "reject", "allow", "stop"];

export function AskForm({ run, ask, onAnswered }: { run: string; ask: Ask; onAnswered: () => void }) {
  const { t, lang } = useEnv();
  const fields = fieldsOf(isObject(ask.request.form) ? ask.request.form : {});
  const [values, setValues] = useState<FormValues>(() => startValues(fields, lang));
  const [busy, send] = useSend(onAnswered);
  const request = ask.request;
  const actions = Array.isArray(request.actions) ? request.actions.map(String) : [];
  const shown = isObject(request.shown) ? request.shown : {};
  const answer = (action: string) =>
    send(`/v1/runs/${run}/asks/${encodeURIComponent(ask.id)}`, { action, form: values as JsonObject });
  return (
    <section className="bg-ask" aria-label={t("ask.title", { node: ask.path })}>
      <h4>{t(TITLES[ask.kind] ?? "ask.title", { node: ask.path })}</h4>
      {Object.entries(shown).map(([name, value]) => (
        <div key={name}>
          <h5>{name}</h5>
          <ValueView value={value} />
        </div>
      ))}
      <RunForm
        inputs={fields}
        values={values}
        onChange={(name, value) => setValues((before) => ({ ...before, [name]: value ?? null }))}
      />
      <div className="bg-actions">
        {actions.map((action) => (
          <button type="button" key={action} disabled={busy} onClick={() => answer(action)}>
            {KNOWN.includes(action) && ask.kind !== "form" ? t(`ask.action.${action}`) : action}
          </button>
        ))}
      </div>
    </section>
  );
}
