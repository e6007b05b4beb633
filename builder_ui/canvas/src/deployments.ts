// Deployments, the routing and its decisions as the runtime tells them, and how their numbers are said.

import type { Translate } from "./env";
import type { Json, JsonObject } from "./json";
import type { Lang } from "./model";

export interface Health {
  state: "closed" | "open" | "half_open";
  retry_after: number | null;
  active: number;
  answers: number;
  failures: number;
  problem: string | null;
  recent: number;
  first_s: number | null;
  median_s: number | null;
  p95_s: number | null;
  tokens_per_s: number | null;
}

export interface Price {
  input: number;
  output: number;
}

export interface Deployment {
  id: string;
  caps: string[];
  context: number;
  max_tokens: number;
  price: Price;
  residency: string | null;
  local: boolean;
  health: Health;
  today: { calls: number; failures: number; tokens: number; usd: number };
}

export interface Routing {
  policy: string;
  confidence: number;
  target: number;
  outcomes: number;
  learn: boolean;
  failures: number;
  cooldown: number;
}

export interface ModelList {
  models: Deployment[];
  routing: Routing;
}

export interface Decision {
  id: string;
  at: number;
  app: string | null;
  run: string | null;
  path: string | null;
  principal: string | null;
  model: string;
  policy: string;
  reason: string;
  deployment: string | null;
  error: string | null;
  seconds: number;
  input_tokens: number;
  output_tokens: number;
  usd: number;
  confidence: number | null;
  score: number | null;
  passed_over?: { [id: string]: JsonObject };
  attempts?: Attempt[];
}

export interface Attempt {
  deployment: string;
  code?: string;
  problem?: string;
  doubt?: string;
  confidence?: number | null;
}

export interface Share {
  calls: number;
  usd: number;
  seconds: number | null;
}

export interface WhatIf {
  requests: number;
  rows: { deployment: string; now: Share; then: Share }[];
  now: { usd: number; median_s: number | null };
  then: { usd: number; median_s: number | null };
  unserved: number;
}

/** The name that leaves the choice to the routing policy. */
export const AUTO = "auto";
export const POLICIES = ["fixed", "cheapest", "fastest", "local_first", "learned"];
export const DEFAULTS: Routing = {
  policy: "fixed", confidence: 0.6, target: 0.8, outcomes: 30, learn: false, failures: 3, cooldown: 30,
}; // prettier-ignore
export const NONE = "–";

/** Dollars with as many digits as say something: 12.30, 0.0021, <0.0001. */
export function usd(amount: number | null | undefined): string {
  if (amount === null || amount === undefined || !Number.isFinite(amount)) return NONE;
  if (amount === 0) return "$0";
  const size = Math.abs(amount);
  if (size < 0.0001) return amount < 0 ? "−<$0.0001" : "<$0.0001";
  const digits = size >= 1 ? 2 : Math.min(4, 1 - Math.floor(Math.log10(size)));
  const said = size.toFixed(digits).replace(/(\.\d\d.*?)0+$/, "$1");
  return `${amount < 0 ? "−" : ""}$${said}`;
}

export function count(value: number, lang: Lang): string {
  return value.toLocaleString(lang === "zh" ? "zh-CN" : "en-GB");
}

export function perSecond(rate: number | null): string {
  return rate === null ? NONE : rate.toFixed(rate < 10 ? 1 : 0);
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? NONE : `${Math.round(share * 100)} %`;
}

/** How much more or less something would be: +12 %, −50 %; nothing where there is nothing to compare. */
export function change(now: number | null, then: number | null): string {
  if (now === null || then === null || now === 0) return "";
  const part = Math.round((then / now - 1) * 100);
  return part === 0 ? "±0 %" : `${part > 0 ? "+" : "−"}${Math.abs(part)} %`;
}

/** What an answer costs at a price, which is for a million tokens. */
export function costOf(price: Price, input: number, output: number): number {
  return (price.input * input + price.output * output) / 1e6;
}

/** How a deployment is, as a colour and a word. */
export function stateOf(health: Health): { tone: "good" | "bad" | "warn" | "idle"; key: string } {
  if (health.state === "open") return { tone: "bad", key: "health.open" };
  if (health.state === "half_open") return { tone: "warn", key: "health.half_open" };
  if (health.problem !== null) return { tone: "warn", key: "health.failing" }; // its last answer was none
  if (health.active > 0) return { tone: "good", key: "health.working" };
  return health.recent > 0 ? { tone: "good", key: "health.closed" } : { tone: "idle", key: "health.idle" };
}

/** Say why a deployment was passed over, with the numbers that it was passed over for. */
export function passedOver(why: JsonObject, t: Translate): string {
  const say = (value: Json | undefined): string => {
    if (value === null || value === undefined) return NONE;
    if (Array.isArray(value)) return value.map((cap) => t(`cap.${cap}`)).join(", ");
    return typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value);
  };
  const names = ["caps", "inside", "usd", "p95_s", "limit", "seconds"];
  const said = Object.fromEntries(names.map((name) => [name, say(why[name])]));
  const residency = why.residency ?? t("models.elsewhere");
  return t(`passed.${String(why.reason)}`, {
    ...said,
    context: String(why.context ?? NONE),
    residency: String(residency),
  });
}

/** Whether the routing that is edited is another than the one that is kept. */
export const differs = (one: Routing, other: Routing): boolean =>
  (Object.keys(DEFAULTS) as (keyof Routing)[]).some((key) => one[key] !== other[key]);
