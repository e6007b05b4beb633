// Controls of the inspector. A control keeps what is typed to itself and commits it on leaving, on Enter, or after a rest.

import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useEnv } from "./env";

const REST = 900;

/** What is typed, and when it becomes the value; a value from outside shows unless something is being typed. */
function useTyped(value: string, commit: (text: string) => void) {
  const [text, setText] = useState(value);
  const dirty = useRef(false);
  const latest = useRef({ value, commit, text });
  latest.current = { value, commit, text };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (!dirty.current) setText(value);
  }, [value]);
  const flush = () => {
    clearTimeout(timer.current);
    const now = latest.current;
    if (!dirty.current) return;
    dirty.current = false;
    if (now.text !== now.value) now.commit(now.text);
  };
  useEffect(() => flush, []); // what was typed last is not lost with the control
  const change = (next: string) => {
    dirty.current = true;
    latest.current.text = next;
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(flush, REST);
  };
  return { text, change, flush };
}

export function Row({
  label,
  note,
  error,
  children,
}: {
  label: string;
  note?: string;
  error?: string;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className={`bg-field ${error ? "is-error" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error ? <p className="bg-error">{error}</p> : note ? <p className="bg-hint">{note}</p> : null}
    </div>
  );
}

interface TextProps {
  label: string;
  value: string;
  onCommit: (text: string) => void;
  note?: string;
  error?: string;
  long?: boolean;
  mono?: boolean;
  placeholder?: string;
  list?: string[];
  action?: ReactNode;
}

export function TextField({ label, value, onCommit, note, error, long, mono, placeholder, list, action }: TextProps) {
  const { text, change, flush } = useTyped(value, onCommit);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing && (!long || event.ctrlKey || event.metaKey)) flush();
  };
  const listId = useId();
  const shared = {
    value: text,
    placeholder,
    className: mono ? "is-mono" : "",
    onBlur: flush,
    onKeyDown,
    "aria-invalid": error ? true : undefined,
  };
  return (
    <Row label={label} note={note} error={error}>
      {(id) => (
        <div className="bg-control">
          {long ? (
            <textarea
              id={id}
              rows={Math.min(16, Math.max(3, text.split("\n").length + 1))}
              {...shared}
              onChange={(event) => change(event.target.value)}
            />
          ) : (
            <input
              id={id}
              type="text"
              list={list ? listId : undefined}
              {...shared}
              onChange={(event) => change(event.target.value)}
            />
          )}
          {list && (
            <datalist id={listId}>
              {list.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
          {action}
        </div>
      )}
    </Row>
  );
}

interface NumberProps {
  label: string;
  value: number | null;
  whole: boolean;
  min?: number;
  max?: number;
  placeholder?: string;
  onCommit: (value: number | null) => void;
}

export function NumberField({ label, value, whole, min, max, placeholder, onCommit }: NumberProps) {
  const { t } = useEnv();
  const [error, setError] = useState("");
  const commit = (text: string) => {
    const number = Number(text);
    const wrong =
      text.trim() !== "" &&
      (!Number.isFinite(number) ||
        (whole && !Number.isInteger(number)) ||
        (min !== undefined && number < min) ||
        (max !== undefined && number > max));
    setError(wrong ? t(whole ? "field.not_whole" : "field.not_number", { min: min ?? "−∞", max: max ?? "∞" }) : "");
    if (!wrong) onCommit(text.trim() === "" ? null : number);
  };
  const shown = value === null ? "" : String(value);
  return <TextField label={label} value={shown} error={error} placeholder={placeholder} onCommit={commit} />;
}

interface SelectProps {
  label: string;
  value: string;
  options: { value: string; label: string; group?: string }[];
  onCommit: (value: string) => void;
  note?: string;
}

export function SelectField({ label, value, options, onCommit, note }: SelectProps) {
  const { t } = useEnv();
  const known = options.some((one) => one.value === value);
  const groups = [...new Set(options.map((one) => one.group ?? ""))];
  const draw = (group: string) =>
    options
      .filter((one) => (one.group ?? "") === group)
      .map((one) => (
        <option key={one.value} value={one.value}>
          {one.label}
        </option>
      ));
  return (
    <Row label={label} note={note}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onCommit(event.target.value)}>
          {!known && <option value={value}>{value || t("field.choose")}</option>}
          {groups.map((group) =>
            group ? (
              <optgroup key={group} label={group}>
                {draw(group)}
              </optgroup>
            ) : (
              draw(group)
            ),
          )}
        </select>
      )}
    </Row>
  );
}

/** Names and expressions: the cases of a branch, the outputs of a transform. */
export function MapField({
  label,
  value,
  onSet,
  onRename,
  onRemove,
}: {
  label: string;
  value: { [key: string]: string };
  onSet: (key: string, text: string) => void;
  onRename: (key: string, next: string) => void;
  onRemove: (key: string) => void;
}) {
  const { t } = useEnv();
  const free = () => {
    let name = "value";
    for (let number = 2; name in value; number++) name = `value_${number}`;
    return name;
  };
  return (
    <fieldset className="bg-field">
      <legend>{label}</legend>
      {Object.entries(value).map(([key, text]) => (
        <div className="bg-pair" key={key}>
          <TextField label={t("field.name")} value={key} mono onCommit={(next) => next && onRename(key, next)} />
          <TextField label={t("field.expression")} value={text} mono long onCommit={(next) => onSet(key, next)} />
          <button
            type="button"
            className="bg-quiet"
            title={t("field.remove", { name: key })}
            onClick={() => onRemove(key)}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" className="bg-quiet" onClick={() => onSet(free(), "")}>
        + {t("field.add")}
      </button>
    </fieldset>
  );
}
