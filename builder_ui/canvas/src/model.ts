// What the runtime says over HTTP, as types.

import type { Json, JsonObject } from "./json";
import type { Shape } from "./types";

export type Lang = "en" | "zh";
export type Label = string | { en?: string | null; zh?: string | null } | null | undefined;

export interface Op {
  op: "add" | "set" | "del" | "move" | "text";
  path: string;
  file?: string;
  value?: Json;
  old?: Json;
  before?: string;
}

export interface Content {
  document: JsonObject;
  layout: JsonObject;
  files: { [name: string]: string | null };
}

export interface Port {
  type: string;
  shape: Shape;
  required?: boolean;
  streaming?: boolean;
}

export interface WireSketch {
  at: string;
  from: string;
  path: string[];
  optional: boolean;
}

export interface NodeSketch {
  inputs: { [name: string]: Port };
  outputs: { [name: string]: Port };
  handles: string[];
  takes_more: boolean;
  wires: WireSketch[];
}

export interface Sketch {
  inputs: { [name: string]: Port };
  nodes: { [id: string]: NodeSketch };
}

export interface Fix {
  title: { en: string; zh: string };
  ops: Op[];
}

export interface Diagnostic {
  code: string;
  severity: "error" | "warning";
  file: string;
  path: string;
  node: string | null;
  line: number | null;
  message: { en: string; zh: string };
  fix: Fix | null;
}

export interface Draft extends Content {
  app: string;
  revision: number;
  digest: string;
  ok: boolean;
  diagnostics: Diagnostic[];
  sketch: Sketch;
}

export interface FieldSchema {
  type?: string;
  anyOf?: FieldSchema[];
  enum?: Json[];
  default?: Json;
  minimum?: number;
  maximum?: number;
  items?: FieldSchema;
  additionalProperties?: FieldSchema | boolean;
  title?: string;
}

export interface NodeType {
  type: string;
  group: string;
  title: { en: string; zh: string };
  schema: { properties?: { [key: string]: FieldSchema }; required?: string[] };
  accepts: string[];
  runnable: boolean;
}

export interface AppInput {
  name: string;
  type: string;
  required: boolean;
  default: Json;
  label: Label;
  description: Label;
  choices: Json[] | null;
}

export interface AppOutput {
  name: string;
  type: string;
  label: Label;
}

export interface AppInfo {
  id: string;
  name: Label;
  inputs: AppInput[];
  outputs: AppOutput[];
  origin: string;
}

export interface RunEvent {
  run: string;
  seq?: number;
  at?: number;
  type: string;
  path: string;
  attempt?: number;
  data: JsonObject;
}

export interface Ask {
  id: string;
  path: string;
  kind: string;
  request: JsonObject;
  deadline: number | null;
}

export interface Run {
  run_id: string;
  app: string;
  version: string;
  digest: string;
  status: "accepted" | "running" | "waiting" | "ended" | "failed" | "cancelled" | "doubt";
  inputs?: JsonObject;
  outputs: JsonObject | null;
  error: JsonObject | null;
  usage: JsonObject | null;
  asks?: Ask[];
  created: number;
  started: number | null;
  ended: number | null;
}

export const OVER = ["ended", "failed", "cancelled", "doubt"];
