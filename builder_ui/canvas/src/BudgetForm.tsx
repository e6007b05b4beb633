// Limits of what is spent: of a run, of a node, of a day.

import { putOps } from "./edit";
import { useEnv } from "./env";
import { NumberField, SelectField } from "./Field";
import { at, type JsonObject } from "./json";
import type { Op } from "./model";

export const RUN = ["usd", "tokens", "seconds", "tool_calls", "turns", "depth"] as const;
const DAY = ["usd", "tokens", "tool_calls"] as const;
const WAYS = ["stop", "degrade", "ask"] as const;

interface Props {
  document: JsonObject;
  /** The JSON Pointer of the limits. */
  path: string;
  onEdit: (ops: Op[]) => void;
}

/** One number for each kind; no number is no limit. */
function Limits({ document, path, kinds, onEdit }: Props & { kinds: readonly string[] }) {
  const { t } = useEnv();
  return kinds.map((kind) => {
    const value = at(document, `${path}/${kind}`);
    return (
      <NumberField
        key={kind}
        label={t("budget." + kind)}
        value={typeof value === "number" ? value : null}
        whole={kind !== "usd" && kind !== "seconds"}
        min={0}
        onCommit={(next) => onEdit(putOps(document, `${path}/${kind}`, next ?? undefined))}
      />
    );
  });
}

/** Limits of a run or a node, and what happens when one is reached; without a choice, what the app says. */
export function BudgetForm({ document, path, onEdit }: Props) {
  const { t } = useEnv();
  const chosen = at(document, `${path}/on_exceed`);
  return (
    <>
      <Limits document={document} path={path} kinds={RUN} onEdit={onEdit} />
      <SelectField
        label={t("budget.on_exceed")}
        value={typeof chosen === "string" ? chosen : ""}
        options={[
          { value: "", label: t(path === "/budget" ? "budget.way.stop" : "budget.way.inherit") },
          ...WAYS.filter((way) => path !== "/budget" || way !== "stop").map((way) => ({
            value: way,
            label: t("budget.way." + way),
          })),
        ]}
        onCommit={(way) => onEdit(putOps(document, `${path}/on_exceed`, way || undefined))}
      />
    </>
  );
}

/** Limits of all runs of a day. */
export function DayForm({ title, ...rest }: Props & { title: string }) {
  return (
    <section aria-label={title}>
      <h5>{title}</h5>
      <Limits {...rest} kinds={DAY} />
    </section>
  );
}
