// What every part of the page needs: the texts of the language, the API, and a way to tell the person something.

import { createContext, useContext } from "react";
import type { Api } from "./api";
import type { Lang } from "./model";

export type Texts = { [key: string]: string };
export type Translate = (key: string, names?: { [name: string]: string | number }) => string;

export interface Env {
  t: Translate;
  lang: Lang;
  api: Api;
  say: (text: string, kind?: "info" | "error") => void;
}

export function translator(texts: Texts): Translate {
  return (key, names = {}) =>
    (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(names[name] ?? whole));
}

export const EnvContext = createContext<Env | null>(null);

export function useEnv(): Env {
  const env = useContext(EnvContext);
  if (env === null) throw new Error("outside of a page");
  return env;
}
