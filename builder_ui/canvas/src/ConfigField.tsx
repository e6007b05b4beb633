// One key of a node's own configuration, drawn from its JSON Schema and from what the key means.

import { useState } from "react";
import { useEnv } from "./env";
import { MapField, NumberField, SelectField, TextField } from "./Field";
import { at, isObject, pointer, type Json, type JsonObject } from "./json";
import { putOps, textOps } from "./edit";
import type { Content, FieldSchema, Op } from "./model";
import {
  aliases,
  requireApp,
  requireBase,
  requireTool,
  requiresApp,
  toolName,
  useApps,
  useBases,
  useTools,
} from "./resources";

interface Props {
  id: string;
  name: string;
  schema: FieldSchema;
  spec: JsonObject;
  content: Content;
  required: boolean;
  onEdit: (ops: Op[]) => void;
}

const LONG = ["prompt", "system", "text", "template", "criteria", "query"];

/** The schema without the alternative `null`. */
function plain(schema: FieldSchema): FieldSchema {
  const others = (schema.anyOf ?? []).filter((one) => one.type !== "null");
  return others.length === 1 ? { ...schema, ...(others[0] as FieldSchema) } : schema;
}

export const isFile = (text: string): boolean => /^\S+\.(md|txt|html)$/.test(text);

export function ConfigField(props: Props) {
  const { t } = useEnv();
  const { id, name, spec, content, required, onEdit } = props;
  const schema = plain(props.schema);
  const value = spec[name];
  const label = fieldName(name, t, text(spec.type)) + (required ? " *" : "");
  const path = pointer("nodes", id, name);
  const put = (next: Json | undefined) => onEdit(putOps(content.document, path, next));
  if (name === "tool") return <ToolField {...props} label={label} />;
  if (name === "app" && spec.type === "subflow") return <AppField {...props} label={label} />;
  if (name === "from") return <BaseField {...props} label={label} />;
  if (name === "model")
    return (
      <SelectField
        label={label}
        value={text(value)}
        options={options(aliases(content.document, "models"))}
        onCommit={put}
      />
    );
  if (schema.enum !== undefined) {
    const none = required ? [] : [{ value: "", label: t("field.default") }];
    const all = [...none, ...schema.enum.map((one) => ({ value: String(one), label: String(one) }))];
    return <SelectField label={label} value={text(value)} options={all} onCommit={(next) => put(next || undefined)} />;
  }
  if (schema.type === "boolean")
    return (
      <SelectField
        label={label}
        value={typeof value === "boolean" ? String(value) : ""}
        options={[
          { value: "", label: t("field.default") },
          { value: "true", label: t("field.yes") },
          { value: "false", label: t("field.no") },
        ]}
        onCommit={(next) => put(next === "" ? undefined : next === "true")}
      />
    );
  if (schema.type === "integer" || schema.type === "number" || isNumber(schema))
    return (
      <NumberField
        label={label} value={typeof value === "number" ? value : null} whole={schema.type === "integer"}
        min={schema.minimum} max={schema.maximum} placeholder={hint(schema)} onCommit={(next) => put(next ?? undefined)}
      /> // prettier-ignore
    );
  if (
    schema.type === "string" &&
    typeof value === "string" &&
    isFile(value) &&
    typeof content.files[value] === "string"
  ) {
    const file = content.files[value];
    return (
      <TextField
        label={label}
        long
        note={t("field.file", { name: value })}
        value={file}
        onCommit={(next) => onEdit(textOps(value, file, next))}
      />
    );
  }
  if (schema.type === "string")
    return (
      <TextField
        label={label}
        long={LONG.includes(name)}
        value={text(value)}
        placeholder={hint(schema)}
        onCommit={(next) => put(next || (required ? "" : undefined))}
      />
    );
  if (schema.type === "array" && schema.items?.type === "string")
    return (
      <TextField
        label={label}
        value={Array.isArray(value) ? value.join(", ") : ""}
        note={t("field.list")}
        onCommit={(next) => put(listOf(next, required))}
      />
    );
  if (schema.type === "object" && isObject(value) && Object.values(value).every((one) => typeof one === "string"))
    return (
      <Pairs label={label} path={path} value={value as { [key: string]: string }} content={content} onEdit={onEdit} />
    );
  return <JsonField label={label} value={value} onCommit={put} />;
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const options = (names: string[]) => names.map((name) => ({ value: name, label: name }));
const hint = (schema: FieldSchema): string | undefined =>
  schema.default === undefined || schema.default === null ? undefined : String(schema.default);
const isNumber = (schema: FieldSchema): boolean =>
  (schema.anyOf ?? []).some((one) => one.type === "number") &&
  !(schema.anyOf ?? []).some((one) => one.type === "string");

function listOf(typed: string, required: boolean): Json | undefined {
  const found = typed.split(/[,，]/).map((one) => one.trim()).filter(Boolean); // prettier-ignore
  return found.length > 0 || required ? found : undefined;
}

// A node type may call a key by a name of its own.
export function fieldName(name: string, t: (key: string) => string, type = ""): string {
  const keys = [`key.${type}.${name}`, "key." + name];
  const known = keys.find((key) => t(key) !== key);
  return known ? t(known) : name.replaceAll("_", " ");
}

function Pairs({
  label,
  path,
  value,
  content,
  onEdit,
}: {
  label: string;
  path: string;
  value: { [key: string]: string };
  content: Content;
  onEdit: (ops: Op[]) => void;
}) {
  const inner = (key: string) => path + pointer(key);
  return (
    <MapField
      label={label}
      value={value}
      onSet={(key, next) => onEdit(putOps(content.document, inner(key), next))}
      onRemove={(key) => onEdit(putOps(content.document, inner(key), undefined))}
      onRename={(key, next) => {
        const names = Object.keys(value);
        const before = names[names.indexOf(key) + 1];
        if (next in value) return;
        onEdit([
          { op: "del", path: inner(key), old: value[key] },
          { op: "add", path: inner(next), value: value[key], ...(before === undefined ? {} : { before }) },
        ]);
      }}
    />
  );
}

export function JsonField({
  label,
  value,
  onCommit,
}: {
  label: string;
  value: Json | undefined;
  onCommit: (value: Json | undefined) => void;
}) {
  const { t } = useEnv();
  const [error, setError] = useState("");
  const commit = (typed: string) => {
    try {
      onCommit(typed.trim() === "" ? undefined : (JSON.parse(typed) as Json));
      setError("");
    } catch {
      setError(t("field.not_json"));
    }
  };
  const shown = value === undefined ? "" : JSON.stringify(value, null, 2);
  return <TextField label={label} long mono value={shown} error={error} onCommit={commit} />;
}

function ToolField({ id, spec, content, onEdit, label }: Props & { label: string }) {
  const tools = useTools(true);
  const document = content.document;
  const all = tools.map((tool) => ({ tool, value: toolName(document, tool) }));
  const chosen = all.find((one) => one.value === spec.tool)?.tool;
  return (
    <SelectField
      label={label}
      value={text(spec.tool)}
      note={chosen?.description}
      options={all.map(({ tool, value }) => ({ value, label: tool.name, group: tool.server }))}
      onCommit={(value) => {
        const tool = all.find((one) => one.value === value)?.tool;
        onEdit([
          ...(tool ? requireTool(document, tool) : []),
          ...putOps(document, pointer("nodes", id, "tool"), value),
        ]);
      }}
    />
  );
}

function AppField({ id, spec, content, onEdit, label }: Props & { label: string }) {
  const { t } = useEnv();
  const apps = useApps();
  const document = content.document;
  const own = aliases(document, "apps");
  const self = at(document, "/app/id");
  const others = apps.filter((app) => app.id !== self && !requiresApp(document, app.id));
  const all = [
    ...own.map((name) => ({ value: name, label: name })),
    ...others.map((app) => ({ value: "app:" + app.id, label: app.id, group: t("field.apps") })),
  ];
  return (
    <SelectField
      label={label}
      value={text(spec.app)}
      options={all}
      onCommit={(value) => {
        const path = pointer("nodes", id, "app");
        const app = others.find((one) => "app:" + one.id === value);
        if (app === undefined) return onEdit(putOps(document, path, value));
        const { alias, ops } = requireApp(document, app);
        onEdit([...ops, ...putOps(document, path, alias)]);
      }}
    />
  );
}

function BaseField({ id, spec, content, onEdit, label }: Props & { label: string }) {
  const { t } = useEnv();
  const bases = useBases(true);
  const document = content.document;
  const own = aliases(document, "knowledge");
  const others = bases.filter((base) => !own.includes(base) && !base.includes("/"));
  const all = [
    ...own.map((name) => ({ value: name, label: name })),
    ...others.map((base) => ({ value: "base:" + base, label: base, group: t("field.workspace_bases") })),
  ];
  return (
    <SelectField
      label={label}
      value={text(spec.from)}
      options={all}
      onCommit={(value) => {
        const path = pointer("nodes", id, "from");
        if (!value.startsWith("base:")) return onEdit(putOps(document, path, value));
        const { alias, ops } = requireBase(document, value.slice(5));
        onEdit([...ops, ...putOps(document, path, alias)]);
      }}
    />
  );
}
