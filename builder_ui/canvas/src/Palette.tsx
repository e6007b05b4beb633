// The palette: node types by group, to be dragged or clicked.

import { useState } from "react";
import { useEnv, type Translate } from "./env";
import { Icon } from "./icons";
import type { Lang, NodeType } from "./model";

export const DRAG_TYPE = "application/x-baigong-node";

const GROUPS = ["model", "knowledge", "tool", "control", "data", "people", "output"];

/** A node type's short name in the language. */
export function nameOf(type: NodeType, t: Translate): string {
  const key = "node." + type.type;
  const found = t(key);
  return found === key ? type.type : found;
}

/** The types that fit a search, best first. */
export function matching(types: NodeType[], wanted: string, t: Translate, lang: Lang): NodeType[] {
  const text = wanted.trim().toLowerCase();
  const score = (type: NodeType) => {
    const places = [type.type, nameOf(type, t).toLowerCase(), type.title[lang].toLowerCase()];
    const place = places.findIndex((one) => one.includes(text));
    return place === -1 ? 9 : place;
  };
  return types.filter((type) => type.runnable && score(type) < 9).sort((one, other) => score(one) - score(other));
}

export function Palette({ types, onAdd }: { types: NodeType[]; onAdd: (type: NodeType) => void }) {
  const { t, lang } = useEnv();
  const [wanted, setWanted] = useState("");
  const found = matching(types, wanted, t, lang);
  return (
    <nav className="bg-palette" aria-label={t("palette.title")}>
      <div className="bg-search">
        <Icon name="search" size={14} />
        <input
          type="search"
          value={wanted}
          placeholder={t("palette.search")}
          aria-label={t("palette.search")}
          onChange={(event) => setWanted(event.target.value)}
        />
      </div>
      <p className="bg-hint">{t("palette.hint")}</p>
      {GROUPS.map((group) => {
        const members = found.filter((type) => type.group === group);
        if (members.length === 0) return null;
        return (
          <section key={group}>
            <h3>{t("group." + group)}</h3>
            {members.map((type) => (
              <button
                type="button"
                key={type.type}
                className={`bg-tile g-${group}`}
                data-type={type.type}
                draggable
                title={type.title[lang]}
                onClick={() => onAdd(type)}
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAG_TYPE, type.type);
                  event.dataTransfer.effectAllowed = "copy";
                }}
              >
                <span className="bg-badge">
                  <Icon name={group} size={14} />
                </span>
                <span>
                  <b>{nameOf(type, t)}</b>
                  <small>{type.title[lang]}</small>
                </span>
              </button>
            ))}
          </section>
        );
      })}
      {found.length === 0 && <p className="bg-hint">{t("palette.none")}</p>}
    </nav>
  );
}
