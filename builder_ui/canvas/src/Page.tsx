// One page: its texts, its messages, and the part that it shows.

import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { Api } from "./api";
import { Builder } from "./Builder";
import { EnvContext, translator, type Env, type Texts } from "./env";
import type { Lang } from "./model";
import { ModelsPage } from "./ModelsPage";
import { RunsPage } from "./RunsPage";

export interface PageData {
  page: "builder" | "runs" | "models";
  api: string;
  lang: Lang;
  texts: Texts;
  app?: string;
}

interface Note {
  text: string;
  kind: "info" | "error";
}

export function Page({ data, onLang }: { data: PageData; onLang: (lang: Lang) => void }) {
  const [note, setNote] = useState<Note | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((text: string, kind: Note["kind"] = "info") => {
    clearTimeout(timer.current);
    setNote({ text, kind });
    timer.current = setTimeout(() => setNote(null), kind === "error" ? 8000 : 4000);
  }, []);
  const api = useMemo(() => new Api(data.api), [data.api]);
  const t = useMemo(() => translator(data.texts), [data.texts]);
  const env = useMemo<Env>(() => ({ t, lang: data.lang, api, say }), [t, data.lang, api, say]);
  // Streamlit's own shortcuts (r, c) must not see what is typed on the canvas.
  const onKeyDown = (event: KeyboardEvent) => event.stopPropagation();
  return (
    <EnvContext.Provider value={env}>
      <div className="bg-page" lang={data.lang} onKeyDown={onKeyDown}>
        {data.page === "builder" ? (
          <Builder key={data.app} app={data.app ?? ""} onLang={onLang} />
        ) : data.page === "models" ? (
          <ModelsPage onLang={onLang} />
        ) : (
          <RunsPage onLang={onLang} />
        )}
        {note && (
          <div
            className={`bg-toast is-${note.kind}`}
            role={note.kind === "error" ? "alert" : "status"}
            onClick={() => setNote(null)}
          >
            {note.text}
          </div>
        )}
      </div>
    </EnvContext.Provider>
  );
}
