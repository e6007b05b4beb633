// The form of the selected node: label, configuration, inputs, error handling, findings, and what it did last.

import { BudgetForm } from "./BudgetForm";
import { relabelled } from "./AppForm";
import { ConfigField, fieldName, JsonField } from "./ConfigField";
import { nodeSpec, variables } from "./connect";
import { deleteOps } from "./newnode";
import { putOps } from "./edit";
import type { View } from "./draft";
import { useEnv } from "./env";
import { NumberField, SelectField, TextField } from "./Field";
import { Findings } from "./Findings";
import { textOf, type Graph, type NodeData } from "./graph";
import { Icon } from "./icons";
import { isObject, pointer, type Json, type JsonObject } from "./json";
import type { Diagnostic, Label, NodeType, Op } from "./model";
import { nameOf } from "./Palette";
import type { NodeRun } from "./runstore";
import { ValueField } from "./ValueField";
import { ValueView } from "./ValueView";

interface Props {
  id: string;
  view: View;
  graph: Graph;
  types: NodeType[];
  run: NodeRun | undefined;
  onEdit: (ops: Op[]) => void;
  onGone: () => void;
}

export function Inspector({ id, view, graph, types, run, onEdit, onGone }: Props) {
  const { t, lang } = useEnv();
  const { document } = view.content;
  const spec = nodeSpec(document, id);
  const data = graph.nodes.find((node) => node.id === id);
  if (!spec || !data) return <p className="bg-hint">{t("inspect.gone")}</p>;
  const type = types.find((one) => one.type === spec.type);
  const own = view.diagnostics.filter((one) => one.node === id || one.path.startsWith(`/nodes/${id}/`));
  const properties = Object.entries(type?.schema.properties ?? {});
  const remove = () => {
    onEdit(deleteOps(view.content, [id]));
    onGone();
  };
  return (
    <div className="bg-form" key={id}>
      <div className="bg-head">
        <span className="bg-badge">
          <Icon name={type?.group ?? "data"} />
        </span>
        <div>
          <b>{type ? nameOf(type, t) : String(spec.type)}</b>
          <code>{id}</code>
        </div>
        <button
          type="button"
          className="bg-quiet"
          title={t("inspect.delete")}
          aria-label={t("inspect.delete")}
          onClick={remove}
        >
          <Icon name="trash" />
        </button>
      </div>
      {type && <p className="bg-hint">{type.title[lang]}</p>}
      <Findings findings={own} document={document} onFix={onEdit} />
      <LabelField spec={spec} id={id} document={document} onEdit={onEdit} />
      {properties.map(
        ([name, schema]) =>
        <ConfigField
          key={name} id={id} name={name} schema={schema} spec={spec} content={view.content}
          required={type?.schema.required?.includes(name) ?? false} onEdit={onEdit}
        />, // prettier-ignore
      )}
      <Inputs data={data} spec={spec} view={view} graph={graph} own={own} onEdit={onEdit} />
      <Options id={id} spec={spec} document={document} accepts={type?.accepts ?? []} onEdit={onEdit} />
      {run?.ports && (
        <section>
          <h4>{t("inspect.last")}</h4>
          {Object.entries(run.ports).map(([name, value]) => (
            <div key={name}>
              <h5>{name}</h5>
              <ValueView value={value} />
            </div>
          ))}
        </section>
      )}
    </div>
  );
}

function LabelField({
  spec,
  id,
  document,
  onEdit,
}: {
  spec: JsonObject;
  id: string;
  document: JsonObject;
  onEdit: (ops: Op[]) => void;
}) {
  const { t, lang } = useEnv();
  const label = spec.label as Label;
  const commit = (text: string) =>
    onEdit(putOps(document, pointer("nodes", id, "label"), relabelled(label, lang, text)));
  return <TextField label={t("inspect.label")} value={textOf(label, lang)} placeholder={id} onCommit={commit} />;
}

function Inputs({
  data,
  spec,
  view,
  graph,
  own,
  onEdit,
}: {
  data: NodeData;
  spec: JsonObject;
  view: View;
  graph: Graph;
  own: Diagnostic[];
  onEdit: (ops: Op[]) => void;
}) {
  const { t, lang } = useEnv();
  const bound = isObject(spec.in) ? spec.in : {};
  const rows = [...data.inputs, ...data.more].filter((row) => !row.fixed);
  if (rows.length === 0 && !data.takesMore) return null;
  const path = (name: string) => pointer("nodes", data.id, "in", name);
  const put = (name: string, value: Json | undefined) => onEdit(putOps(view.content.document, path(name), value));
  const error = (name: string) => own.find((one) => one.path.startsWith(path(name)))?.message[lang];
  const free = () => {
    let name = "value";
    for (let number = 2; name in bound; number++) name = `value_${number}`;
    return name;
  };
  return (
    <section>
      <h4>{t("inspect.values")}</h4>
      {rows.map(
        (row) =>
        <ValueField
          key={row.name} name={row.name} value={bound[row.name]} shape={row.shape} type={row.type ?? ""}
          required={row.required ?? false} error={error(row.name)} variables={() => variables(graph, data.id, row.shape)}
          onCommit={(value) => put(row.name, value)}
        />, // prettier-ignore
      )}
      {data.takesMore && (
        <button type="button" className="bg-quiet" onClick={() => put(free(), "")}>
          + {t("canvas.add_input")}
        </button>
      )}
    </section>
  );
}

function Options({
  id,
  spec,
  document,
  accepts,
  onEdit,
}: {
  id: string;
  spec: JsonObject;
  document: JsonObject;
  accepts: string[];
  onEdit: (ops: Op[]) => void;
}) {
  const { t } = useEnv();
  if (accepts.length === 0) return null;
  const put = (name: string, value: Json | undefined) => onEdit(putOps(document, pointer("nodes", id, name), value));
  const ways = ["fail", "branch", "default"].map((value) => ({ value, label: t("on_error." + value) }));
  const retry = isObject(spec.retry) ? spec.retry : {};
  return (
    <details>
      <summary>{t("inspect.options")}</summary>
      {
        accepts.includes("on_error") &&
        <SelectField
          label={fieldName("on_error", t)} value={typeof spec.on_error === "string" ? spec.on_error : "fail"} options={ways}
          onCommit={(value) => put("on_error", value === "fail" ? undefined : value)}
        /> // prettier-ignore
      }
      {spec.on_error === "default" && (
        <JsonField label={fieldName("default", t)} value={spec.default} onCommit={(value) => put("default", value)} />
      )}
      {
        accepts.includes("retry") &&
        <NumberField
          label={fieldName("retry", t)} value={typeof retry.max === "number" ? retry.max : null} whole min={1} max={10}
          placeholder="0" onCommit={(max) => put("retry", max === null ? undefined : { ...retry, max })}
        /> // prettier-ignore
      }
      {
        accepts.includes("timeout") &&
        <TextField
          label={fieldName("timeout", t)} value={typeof spec.timeout === "string" ? spec.timeout : ""} placeholder="30s"
          onCommit={(text) => put("timeout", text || undefined)}
        /> // prettier-ignore
      }
      {accepts.includes("budget") && (
        <details>
          <summary>{fieldName("budget", t)}</summary>
          <BudgetForm document={document} path={pointer("nodes", id, "budget")} onEdit={onEdit} />
        </details>
      )}
      {
        accepts.includes("cache") &&
        <TextField
          label={fieldName("cache", t)} value={spec.cache === true ? "1d" : typeof spec.cache === "string" ? spec.cache : ""}
          placeholder="1h" onCommit={(text) => put("cache", text || undefined)}
        /> // prettier-ignore
      }
    </details>
  );
}
