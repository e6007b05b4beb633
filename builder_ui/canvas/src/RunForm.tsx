// The inputs of a run: one control each, by type. Files go straight to the runtime.

import { useState } from "react";
import { Problem } from "./api";
import { JsonField } from "./ConfigField";
import { useEnv } from "./env";
import { NumberField, Row, SelectField, TextField } from "./Field";
import { textOf } from "./graph";
import { innerType, type FormValues } from "./inputs";
import { isObject, type Json } from "./json";
import type { AppInput } from "./model";

interface Props {
  inputs: AppInput[];
  values: FormValues;
  onChange: (name: string, value: Json | undefined) => void;
}

export function RunForm({ inputs, values, onChange }: Props) {
  const { t } = useEnv();
  if (inputs.length === 0) return <p className="bg-hint">{t("run.no_inputs")}</p>;
  return (
    <div className="bg-form">
      {inputs.map((input) => (
        <InputControl
          key={input.name}
          input={input}
          value={values[input.name]}
          onChange={(value) => onChange(input.name, value)}
        />
      ))}
    </div>
  );
}

function InputControl({
  input,
  value,
  onChange,
}: {
  input: AppInput;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}) {
  const { t, lang } = useEnv();
  const label = (textOf(input.label, lang) || input.name) + (input.required ? " *" : "");
  const note = textOf(input.description, lang);
  const type = innerType(input.type);
  if (input.choices) {
    const options = input.choices.map((one) => ({ value: String(one), label: String(one) }));
    const back = (text: string) => onChange(input.choices?.find((one) => String(one) === text));
    return (
      <SelectField
        label={label}
        note={note}
        value={value === undefined ? "" : String(value)}
        options={options}
        onCommit={back}
      />
    );
  }
  if (type === "file" || type === "image")
    return <FileInput label={label} note={note} value={value} image={type === "image"} onChange={onChange} />;
  if (type === "boolean")
    return (
      <label className="bg-check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        {label}
      </label>
    );
  if (type === "integer" || type === "number")
    return (
      <NumberField
        label={label}
        value={typeof value === "number" ? value : null}
        whole={type === "integer"}
        onCommit={(next) => onChange(next ?? undefined)}
      />
    );
  if (type === "string")
    return (
      <TextField
        label={label} note={note} value={typeof value === "string" ? value : ""} long={/question|text|message|prompt/.test(input.name)}
        onCommit={(text) => onChange(text || (input.required ? "" : undefined))}
      /> // prettier-ignore
    );
  return <JsonField label={`${label} (${t("run.as_json", { type: input.type })})`} value={value} onCommit={onChange} />;
}

function FileInput({
  label,
  note,
  value,
  image,
  onChange,
}: {
  label: string;
  note: string;
  value: Json | undefined;
  image: boolean;
  onChange: (value: Json | undefined) => void;
}) {
  const { t, api } = useEnv();
  const [name, setName] = useState("");
  const [state, setState] = useState<"idle" | "busy">("idle");
  const [error, setError] = useState("");
  const take = async (file: File | undefined) => {
    if (!file) return;
    setState("busy");
    setError("");
    try {
      const stored = await api.upload(file);
      setName(stored.name);
      onChange({ artifact: stored.id });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      setError(problem.detail);
    } finally {
      setState("idle");
    }
  };
  return (
    <Row label={label} note={note} error={error}>
      {(id) => (
        <div
          className="bg-drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            event.stopPropagation();
            void take(event.dataTransfer.files[0]);
          }}
        >
          <input
            id={id}
            type="file"
            className="bg-hidden"
            accept={image ? "image/*" : undefined}
            onChange={(event) => void take(event.target.files?.[0])}
          />
          <label htmlFor={id} className="bg-quiet">
            {t(state === "busy" ? "run.uploading" : "run.choose_file")}
          </label>
          <span>{isObject(value) ? name || t("run.file_set") : t("run.no_file")}</span>
          {isObject(value) && (
            <button
              type="button"
              className="bg-quiet"
              aria-label={t("run.remove_file")}
              onClick={() => onChange(undefined)}
            >
              ×
            </button>
          )}
        </div>
      )}
    </Row>
  );
}
