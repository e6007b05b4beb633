// What the host offers to an app: tools of its servers, knowledge bases. Fetched when a form first wants it.

import { useEffect, useState } from "react";
import { useEnv } from "./env";
import { isObject, type JsonObject } from "./json";
import { putOps } from "./edit";
import { Problem, type Api } from "./api";
import type { Op } from "./model";

export interface ToolInfo {
  server: string;
  name: string;
  description: string;
}

const kept = new WeakMap<Api, Promise<ToolInfo[]>>();

async function allTools(api: Api): Promise<ToolInfo[]> {
  const { servers } = await api.get<{ servers: { name: string }[] }>("/v1/tools");
  const lists = await Promise.all(
    servers.map(async ({ name }) => {
      try {
        const told = await api.get<{ tools: { name: string; description: string }[] }>(`/v1/tools/${name}`);
        return told.tools.map((tool) => ({ server: name, name: tool.name, description: tool.description }));
      } catch (error) {
        if (error instanceof Problem) return []; // a server that cannot start has no tools to offer
        throw error;
      }
    }),
  );
  return lists.flat();
}

export function useTools(wanted: boolean): ToolInfo[] {
  const { api } = useEnv();
  const [tools, setTools] = useState<ToolInfo[]>([]);
  useEffect(() => {
    if (!wanted) return;
    const found = kept.get(api) ?? allTools(api);
    kept.set(api, found);
    let there = true;
    found.then(
      (list) => there && setTools(list),
      () => kept.delete(api),
    );
    return () => {
      there = false;
    };
  }, [api, wanted]);
  return tools;
}

export interface AppInfo {
  id: string;
  digest: string;
}

/** A list of the host, fetched again whenever a form that wants it opens. */
function useList<T>(path: string, key: string, wanted = true): T[] {
  const { api } = useEnv();
  const [list, setList] = useState<T[]>([]);
  useEffect(() => {
    if (!wanted) return;
    let there = true;
    api.get<Record<string, T[]>>(path).then(
      (told) => there && setList(told[key] ?? []),
      () => undefined,
    );
    return () => {
      there = false;
    };
  }, [api, path, key, wanted]);
  return list;
}

export const useBases = (wanted: boolean): string[] =>
  useList<{ name: string }>("/v1/knowledge", "bases", wanted).map((base) => base.name);

export const useModels = (): string[] => useList<{ id: string }>("/v1/models", "models").map((one) => one.id);

export const useApps = (): AppInfo[] => useList<AppInfo>("/v1/apps", "apps");

const section = (document: JsonObject, name: string): JsonObject => {
  const requires = isObject(document.requires) ? document.requires : {};
  return isObject(requires[name]) ? requires[name] : {};
};

/** The names that an app gives to what it requires: `models`, `tools`, `knowledge`, `apps`. */
export const aliases = (document: JsonObject, name: string): string[] => Object.keys(section(document, name));

const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .replace(/^[^a-z]+/, "") || "one";

/** How the app writes a tool, `alias.tool`. */
export function toolName(document: JsonObject, tool: ToolInfo): string {
  const found = Object.entries(section(document, "tools")).find(
    ([, need]) => isObject(need) && need.server === tool.server,
  );
  return `${found?.[0] ?? idOf(tool.server)}.${tool.name}`;
}

/** Operations that let the app call a tool. */
export function requireTool(document: JsonObject, tool: ToolInfo): Op[] {
  const alias = toolName(document, tool).split(".")[0] as string;
  const need = section(document, "tools")[alias];
  if (!isObject(need)) return putOps(document, `/requires/tools/${alias}`, { server: tool.server, allow: [tool.name] });
  const allowed = Array.isArray(need.allow) ? need.allow : [];
  if (allowed.includes(tool.name)) return [];
  return putOps(document, `/requires/tools/${alias}/allow`, [...allowed, tool.name]);
}

/** The alias of a base of the workspace, and the operations that make the app require it. */
export function requireBase(document: JsonObject, base: string): { alias: string; ops: Op[] } {
  const found = Object.entries(section(document, "knowledge")).find(([, need]) => isObject(need) && need.base === base);
  const alias = found?.[0] ?? idOf(base);
  return { alias, ops: found ? [] : putOps(document, `/requires/knowledge/${alias}`, { base }) };
}

/** Whether the app runs another one already. */
export const requiresApp = (document: JsonObject, app: string): boolean =>
  Object.values(section(document, "apps")).some((need) => isObject(need) && need.app === app);

/** The alias of an app, and the operations that make this one require it as it is now. */
export function requireApp(document: JsonObject, app: AppInfo): { alias: string; ops: Op[] } {
  const alias = idOf(app.id);
  return { alias, ops: putOps(document, `/requires/apps/${alias}`, { app: app.id, digest: app.digest }) };
}
