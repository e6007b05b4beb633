// Which of several ways two nodes are to be connected.

import type { Choice } from "./connect";
import { useEnv } from "./env";
import { Popup } from "./Popup";

interface Props {
  x: number;
  y: number;
  choices: Choice[];
  onPick: (choice: Choice) => void;
  onClose: () => void;
}

export function ChoiceMenu({ x, y, choices, onPick, onClose }: Props) {
  const { t } = useEnv();
  return (
    <Popup x={x} y={y} label={t("connect.choose")} onClose={onClose}>
      <p className="bg-hint">{t("connect.choose")}</p>
      {choices.map((choice) => (
        <button
          type="button"
          role="menuitem"
          className="bg-option"
          key={choice.reference + choice.port}
          onClick={() => onPick(choice)}
        >
          <span className={`bg-swatch k-${choice.kind}`} />
          <span>
            {choice.reference} <i>→</i> {choice.port}
          </span>
          <small>{choice.type}</small>
        </button>
      ))}
    </Popup>
  );
}
