// English or Chinese.

import { useEnv } from "./env";
import type { Lang } from "./model";

export function LangSwitch({ onLang }: { onLang: (lang: Lang) => void }) {
  const { t, lang } = useEnv();
  return (
    <span className="bg-langs" role="group" aria-label={t("lang.title")}>
      {(["en", "zh"] as const).map((one) => (
        <button type="button" key={one} lang={one} aria-pressed={one === lang} onClick={() => onLang(one)}>
          {one === "en" ? "EN" : "中文"}
        </button>
      ))}
    </span>
  );
}
