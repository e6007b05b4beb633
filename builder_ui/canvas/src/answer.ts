// An answer as it grows out of the chunks of a stream, and what it took.

import { costOf, type Deployment } from "./deployments";
import { isObject, type JsonObject } from "./json";

export interface Answer {
  state: "waiting" | "writing" | "done" | "stopped" | "failed";
  text: string;
  error: string;
  /** Moments in milliseconds. */
  asked: number;
  first: number | null;
  last: number | null;
  finish: string;
  model: string;
  input: number | null;
  output: number | null;
}

export const fresh = (model: string, now: number): Answer => ({
  state: "waiting", text: "", error: "", asked: now, first: null, last: null, finish: "", model, input: null,
  output: null,
}); // prettier-ignore

/** The answer after a chunk of `chat/completions`. */
export function take(answer: Answer, chunk: JsonObject, now: number): Answer {
  const next = { ...answer };
  if (typeof chunk.model === "string") next.model = chunk.model;
  if (isObject(chunk.usage)) {
    next.input = Number(chunk.usage.prompt_tokens ?? 0);
    next.output = Number(chunk.usage.completion_tokens ?? 0);
  }
  const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
  if (!isObject(choice)) return next;
  const piece = isObject(choice.delta) ? choice.delta.content : undefined;
  if (typeof piece === "string" && piece !== "") {
    next.state = "writing";
    next.text += piece;
    next.first ??= now;
    next.last = now;
  }
  if (typeof choice.finish_reason === "string") next.finish = choice.finish_reason;
  return next;
}

export interface Measure {
  first_s: number | null;
  tokens_per_s: number | null;
  tokens: number | null;
  usd: number | null;
}

/** What the answer took; a speed needs more than one piece. */
export function measure(answer: Answer, deployments: readonly Deployment[]): Measure {
  const { first, last, asked, input, output } = answer;
  const price = deployments.find((one) => one.id === answer.model)?.price;
  const seconds = first !== null && last !== null ? (last - first) / 1000 : 0;
  return {
    first_s: first === null ? null : (first - asked) / 1000,
    tokens_per_s: output !== null && seconds > 0 ? output / seconds : null,
    tokens: input === null || output === null ? null : input + output,
    usd: price === undefined || input === null || output === null ? null : costOf(price, input, output),
  };
}
