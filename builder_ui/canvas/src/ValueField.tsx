// An input of a node: a value, or a reference that is picked from what the node may read.

import { useState } from "react";
import type { Variable } from "./connect";
import { useEnv } from "./env";
import { TextField } from "./Field";
import { Icon } from "./icons";
import type { Json } from "./json";
import { Popup } from "./Popup";
import type { Shape } from "./types";

interface Props {
  name: string;
  value: Json | undefined;
  shape: Shape | undefined;
  type: string;
  required: boolean;
  error?: string;
  variables: () => Variable[];
  onCommit: (value: Json | undefined) => void;
}

/** The text of a value: what is not a text is JSON. */
export const valueText = (value: Json | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** The value of a text, by the type of the port: JSON where the port takes no text and the text holds no reference. */
export function valueOf(text: string, shape: Shape | undefined, before: Json | undefined): Json | undefined {
  if (text === "") return undefined;
  const takesText = shape === "string" || (shape !== undefined && typeof shape === "object" && "enum" in shape);
  if (takesText || text.includes("${") || (shape === undefined && typeof before === "string")) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export function ValueField({ name, value, shape, type, required, error, variables, onCommit }: Props) {
  const { t } = useEnv();
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState("");
  const label = `${name}${required ? " *" : ""}`;
  const found = open ? variables().filter((one) => one.reference.includes(wanted.trim())) : [];
  return (
    <div className="bg-value">
      <TextField
        label={label}
        value={valueText(value)}
        note={type.length > 60 ? type.slice(0, 57) + "…" : type}
        error={error}
        mono
        long={valueText(value).length > 44}
        onCommit={(text) => onCommit(valueOf(text, shape, value))}
        action={
          <button
            type="button"
            className="bg-quiet"
            title={t("field.pick")}
            aria-label={t("field.pick_for", { name })}
            onClick={() => setOpen(true)}
          >
            <Icon name="braces" size={15} />
          </button>
        }
      />
      {open && (
        <Popup x={0} y={30} label={t("field.pick")} onClose={() => setOpen(false)}>
          <input
            type="search"
            value={wanted}
            placeholder={t("field.filter")}
            aria-label={t("field.filter")}
            onChange={(event) => setWanted(event.target.value)}
          />
          <div className="bg-scroll">
            {found.map((one) => (
              <button
                type="button"
                role="menuitem"
                className={`bg-option ${one.fits ? "" : "is-dim"}`}
                key={one.reference}
                onClick={() => {
                  onCommit("${" + one.reference + "}");
                  setOpen(false);
                }}
              >
                <span className={`bg-swatch k-${one.kind}`} />
                <span>{one.reference}</span>
                <small>{one.type}</small>
              </button>
            ))}
            {found.length === 0 && <p className="bg-hint">{t("field.nothing")}</p>}
          </div>
        </Popup>
      )}
    </div>
  );
}
