// The bar above the canvas.

import { useEnv } from "./env";
import type { View } from "./draft";
import { Icon } from "./icons";
import { LangSwitch } from "./LangSwitch";

interface Props {
  name: string;
  view: View;
  busy: boolean;
  onUndo: () => void;
  onRedo: () => void;
  onArrange: () => void;
  onFit: () => void;
  onRun: () => void;
  onStop: () => void;
  onLang: (lang: "en" | "zh") => void;
}

export function Toolbar({ name, view, busy, onUndo, onRedo, onArrange, onFit, onRun, onStop, onLang }: Props) {
  const { t } = useEnv();
  const tool = (icon: string, title: string, act: () => void, disabled = false) => (
    <button type="button" className="bg-tool" title={title} aria-label={title} disabled={disabled} onClick={act}>
      <Icon name={icon} />
    </button>
  );
  const saved = t("saving." + view.saving, { n: view.revision });
  return (
    <div className="bg-toolbar" role="toolbar" aria-label={t("toolbar.title")}>
      <h2>{name}</h2>
      <span className={`bg-saving is-${view.saving}`} role="status">
        {saved}
      </span>
      <span className="bg-gap" />
      {tool("undo", t("toolbar.undo"), onUndo, !view.canUndo)}
      {tool("redo", t("toolbar.redo"), onRedo, !view.canRedo)}
      {tool("arrange", t("toolbar.arrange"), onArrange)}
      {tool("fit", t("toolbar.fit"), onFit)}
      <LangSwitch onLang={onLang} />
      {busy ? (
        <button type="button" className="bg-primary is-stop" onClick={onStop}>
          <Icon name="stop" size={14} /> {t("toolbar.stop")}
        </button>
      ) : (
        <button type="button" className="bg-primary" title={t("toolbar.run_hint")} onClick={onRun}>
          <Icon name="play" size={14} /> {t("toolbar.run")}
        </button>
      )}
    </div>
  );
}
