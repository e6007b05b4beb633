// Search for a node type under the cursor; Enter takes the first.

import { useState } from "react";
import { useEnv } from "./env";
import { Icon } from "./icons";
import type { NodeType } from "./model";
import { matching, nameOf } from "./Palette";
import { Popup } from "./Popup";

interface Props {
  x: number;
  y: number;
  types: NodeType[];
  onPick: (type: NodeType) => void;
  onClose: () => void;
}

export function QuickAdd({ x, y, types, onPick, onClose }: Props) {
  const { t, lang } = useEnv();
  const [wanted, setWanted] = useState("");
  const found = matching(types, wanted, t, lang);
  return (
    <Popup x={x} y={y} label={t("palette.title")} onClose={onClose}>
      <input
        type="search"
        value={wanted}
        placeholder={t("palette.search")}
        aria-label={t("palette.search")}
        onChange={(event) => setWanted(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing && found[0]) onPick(found[0]);
        }}
      />
      {found.slice(0, 8).map((type) => (
        <button type="button" role="menuitem" className="bg-option" key={type.type} onClick={() => onPick(type)}>
          <Icon name={type.group} size={14} />
          <span>{nameOf(type, t)}</span>
          <small>{type.type}</small>
        </button>
      ))}
    </Popup>
  );
}
