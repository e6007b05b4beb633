// The form of the app itself: its name, inputs, outputs, models and budget.

import { useState } from "react";
import { BudgetForm, DayForm } from "./BudgetForm";
import { JsonField } from "./ConfigField";
import { putOps } from "./edit";
import { useEnv } from "./env";
import { SelectField, TextField } from "./Field";
import { textOf } from "./graph";
import { at, isObject, pointer, type Json, type JsonObject } from "./json";
import type { Label, Lang, Op } from "./model";
import { useModels } from "./resources";

const TYPES = [
  "string", "integer", "number", "boolean", "file", "image", "timestamp", "json", "list<string>", "list<Citation>",
  "list<Step>", "optional<string>", "optional<number>", "optional<file>",
]; // prettier-ignore
const NAME = /^[a-z][a-z0-9_]{0,47}$/;

interface Props {
  document: JsonObject;
  onEdit: (ops: Op[]) => void;
}

/** A label with one language's text changed; undefined where nothing is left. */
export function relabelled(label: Label, lang: Lang, text: string): Json | undefined {
  const other = typeof label === "string" ? { en: label, zh: label } : (label ?? {});
  const next: JsonObject = { ...other, [lang]: text };
  for (const key of Object.keys(next)) if (!next[key]) delete next[key];
  return Object.keys(next).length > 0 ? next : undefined;
}

export function AppForm({ document, onEdit }: Props) {
  const { t, lang } = useEnv();
  const put = (path: string, value: Json | undefined) => onEdit(putOps(document, path, value));
  const label = (path: string) => at(document, path) as Label;
  return (
    <div className="bg-form">
      <TextField
        label={t("app.name")}
        value={textOf(label("/app/name"), lang)}
        onCommit={(text) => text && put("/app/name", relabelled(label("/app/name"), lang, text))}
      />
      <TextField
        label={t("app.description")}
        long
        value={textOf(label("/app/description"), lang)}
        onCommit={(text) => put("/app/description", relabelled(label("/app/description"), lang, text))}
      />
      <Ports kind="inputs" document={document} onEdit={onEdit} />
      <Ports kind="outputs" document={document} onEdit={onEdit} />
      <Models document={document} onEdit={onEdit} />
      <Budgets document={document} onEdit={onEdit} />
    </div>
  );
}

function Ports({ kind, document, onEdit }: Props & { kind: "inputs" | "outputs" }) {
  const { t, lang } = useEnv();
  const [name, setName] = useState("");
  const declared = isObject(document[kind]) ? document[kind] : {};
  const put = (path: string, value: Json | undefined) => onEdit(putOps(document, path, value));
  const wrong = name !== "" && (!NAME.test(name) || name in declared);
  const add = () => {
    if (name === "" || wrong) return;
    put(pointer(kind, name), { type: "string" });
    setName("");
  };
  const types = [...TYPES, ...Object.keys(isObject(document.types) ? document.types : {})];
  return (
    <section>
      <h4>{t("app." + kind)}</h4>
      {Object.entries(declared).map(([port, entry]) => {
        const spec: JsonObject = isObject(entry) ? entry : { type: entry };
        // The short form, a type alone, becomes the long one by the first change.
        const set = (change: JsonObject) => {
          const next: JsonObject = { ...spec, ...change };
          for (const key of Object.keys(change)) if (change[key] === null) delete next[key];
          put(pointer(kind, port), next);
        };
        return (
          <details key={port} className="bg-port">
            <summary>
              <code>{port}</code> {textOf(spec.label as Label, lang)} <small>{String(spec.type)}</small>
            </summary>
            <TextField
              label={t("app.type")}
              value={String(spec.type)}
              list={types}
              mono
              onCommit={(type) => set({ type })}
            />
            <TextField
              label={t("inspect.label")}
              value={textOf(spec.label as Label, lang)}
              placeholder={port}
              onCommit={(text) => set({ label: relabelled(spec.label as Label, lang, text) ?? null })}
            />
            {kind === "inputs" && (
              <>
                <JsonField
                  label={t("app.default")}
                  value={spec.default}
                  onCommit={(value) => set({ default: value ?? null })}
                />
                <TextField
                  label={t("app.choices")}
                  note={t("field.list")}
                  value={Array.isArray(spec.choices) ? spec.choices.join(", ") : ""}
                  onCommit={(text) => set({ choices: choicesOf(text) })}
                />
              </>
            )}
            <button
              type="button"
              className="bg-quiet"
              onClick={() => onEdit([{ op: "del", path: pointer(kind, port), old: entry }])}
            >
              {t("field.remove", { name: port })}
            </button>
          </details>
        );
      })}
      <div className={`bg-add ${wrong ? "is-error" : ""}`}>
        <input
          type="text"
          value={name}
          placeholder={t("app.new_name")}
          aria-label={t(`app.add_${kind}`)}
          aria-invalid={wrong}
          onChange={(event) => setName(event.target.value.trim())}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <button type="button" className="bg-quiet" disabled={name === "" || wrong} onClick={add}>
          + {t(`app.add_${kind}`)}
        </button>
      </div>
      {wrong && <p className="bg-error">{t("app.bad_name")}</p>}
    </section>
  );
}

function choicesOf(text: string): Json {
  const found = text.split(/[,，]/).map((one) => one.trim()).filter(Boolean); // prettier-ignore
  return found.length > 0 ? found : null;
}

function Models({ document, onEdit }: Props) {
  const { t } = useEnv();
  const deployments = useModels();
  const models = at(document, "/requires/models");
  if (!isObject(models)) return null;
  return (
    <section>
      <h4>{t("app.models")}</h4>
      {Object.entries(models).map(([alias, need]) => {
        const prefer = isObject(need) && Array.isArray(need.prefer) ? need.prefer.map(String) : [];
        const options = [
          { value: "", label: t("app.any_model") },
          ...deployments.map((one) => ({ value: one, label: one })),
        ];
        return (
          <SelectField
            key={alias}
            label={alias}
            note={prefer.length > 1 ? prefer.join(" → ") : undefined}
            value={prefer[0] ?? ""}
            options={options}
            onCommit={(value) => {
              const path = pointer("requires", "models", alias, "prefer");
              onEdit(putOps(document, path, value ? [value, ...prefer.filter((one) => one !== value)] : undefined));
            }}
          />
        );
      })}
    </section>
  );
}

function Budgets({ document, onEdit }: Props) {
  const { t } = useEnv();
  return (
    <details>
      <summary>{t("app.budget")}</summary>
      <p className="bg-hint">{t("app.budget_note")}</p>
      <BudgetForm document={document} path="/budget" onEdit={onEdit} />
      <DayForm title={t("app.budget_day")} document={document} path="/budget/per_day" onEdit={onEdit} />
      <DayForm title={t("app.budget_user")} document={document} path="/budget/per_user" onEdit={onEdit} />
    </details>
  );
}
