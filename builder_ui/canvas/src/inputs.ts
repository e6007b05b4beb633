// The form of an app's inputs, and the values that a run takes.

import { isObject, type Json, type JsonObject } from "./json";
import type { AppInput, AppOutput, Label } from "./model";

export type FormValues = { [name: string]: Json };

/** What the document declares of each input; the short form is the type alone. */
export function inputsOf(document: JsonObject): AppInput[] {
  const declared = isObject(document.inputs) ? document.inputs : {};
  return Object.entries(declared).map(([name, entry]) => {
    const spec: JsonObject = isObject(entry) ? entry : { type: entry };
    const type = String(spec.type);
    return {
      name,
      type,
      required: !type.startsWith("optional<") && !("default" in spec),
      default: spec.default ?? null,
      label: spec.label as Label,
      description: spec.description as Label,
      choices: Array.isArray(spec.choices) ? spec.choices : null,
    };
  });
}

export function outputsOf(document: JsonObject): AppOutput[] {
  const declared = isObject(document.outputs) ? document.outputs : {};
  return Object.entries(declared).map(([name, entry]) => {
    const spec: JsonObject = isObject(entry) ? entry : { type: entry };
    return { name, type: String(spec.type), label: spec.label as Label };
  });
}

/** The type without `optional<…>`. */
export const innerType = (type: string): string => /^optional<(.*)>$/.exec(type)?.[1] ?? type;

/** What a form starts with: defaults, and the first choice where there must be one. */
export function startValues(inputs: AppInput[], lang: string): FormValues {
  const found: FormValues = {};
  for (const input of inputs) {
    if (input.name === "language" && input.choices?.includes(lang)) found[input.name] = lang;
    else if (input.default !== null) found[input.name] = input.default;
    else if (input.required && input.choices) found[input.name] = input.choices[0] ?? null;
  }
  return found;
}

/** Which required inputs are missing. */
export const missing = (inputs: AppInput[], values: FormValues): string[] =>
  inputs
    .filter((input) => input.required && (values[input.name] === undefined || values[input.name] === ""))
    .map((input) => input.name);
