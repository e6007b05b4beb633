// Operations on a draft as the runtime applies them (agents/spec/edit.py), so that an edit shows at once.

import { at, isObject, keysOf, pointer, type Json, type JsonObject } from "./json";
import type { Content, Op } from "./model";

export class CannotEdit extends Error {}

/** Apply operations in order; returns the new content and what undoes them, in its order. */
export function applyOps(content: Content, ops: readonly Op[]): { content: Content; inverse: Op[] } {
  const next: Content = structuredClone(content);
  const inverse = ops.map((op) => applyOne(next, op));
  return { content: next, inverse: inverse.reverse() };
}

function applyOne(content: Content, op: Op): Op {
  if (op.op === "text") return splice(content, op);
  if (op.op === "move") return move(content.layout, op);
  const keys = keysOf(op.path);
  const key = keys.pop();
  if (key === undefined) throw new CannotEdit(op.path);
  const holder = at(content.document, pointer(...keys));
  if (Array.isArray(holder)) return inList(holder, key, op, keys);
  if (!isObject(holder)) throw new CannotEdit(op.path);
  return inMapping(holder, key, op);
}

function inMapping(holder: JsonObject, key: string, op: Op): Op {
  const there = Object.hasOwn(holder, key);
  if (op.op === "add") {
    if (there) throw new CannotEdit(op.path);
    const names = Object.keys(holder);
    const later = op.before !== undefined && names.includes(op.before) ? names.slice(names.indexOf(op.before)) : [];
    holder[key] = op.value ?? null;
    for (const name of later) {
      const value = holder[name] as Json;
      delete holder[name];
      holder[name] = value;
    }
    return { op: "del", path: op.path, old: op.value ?? null };
  }
  if (!there) throw new CannotEdit(op.path);
  const old = holder[key] as Json;
  if (op.op === "set") {
    holder[key] = op.value ?? null;
    return { op: "set", path: op.path, value: old, old: op.value ?? null };
  }
  const names = Object.keys(holder);
  const before = names[names.indexOf(key) + 1];
  delete holder[key];
  return { op: "add", path: op.path, value: old, ...(before === undefined ? {} : { before }) };
}

function inList(holder: Json[], key: string, op: Op, keys: string[]): Op {
  const place = key === "-" ? holder.length : Number(key);
  if (!Number.isInteger(place) || place < 0 || place > holder.length) throw new CannotEdit(op.path);
  const path = pointer(...keys, place);
  if (op.op === "add") {
    holder.splice(place, 0, op.value ?? null);
    return { op: "del", path, old: op.value ?? null };
  }
  if (place >= holder.length) throw new CannotEdit(op.path);
  const old = holder[place] as Json;
  if (op.op === "set") {
    holder[place] = op.value ?? null;
    return { op: "set", path, value: old, old: op.value ?? null };
  }
  holder.splice(place, 1);
  return { op: "add", path, value: old };
}

function move(layout: JsonObject, op: Op): Op {
  const keys = keysOf(op.path);
  const key = keys.pop();
  let here = layout;
  for (const one of keys) {
    if (!isObject(here[one])) here[one] = {};
    here = here[one] as JsonObject;
  }
  if (key === undefined) throw new CannotEdit(op.path);
  const old = here[key] ?? null;
  if (op.value === null || op.value === undefined) delete here[key];
  else here[key] = op.value;
  return { op: "move", path: op.path, value: old };
}

/** Places in a text count characters (code points), as Python does. */
function splice(content: Content, op: Op): Op {
  const file = op.file ?? "app.yaml";
  const value = op.value;
  const old = typeof op.old === "string" ? op.old : "";
  if (!isObject(value) || typeof value.at !== "number" || typeof value.text !== "string") throw new CannotEdit(file);
  const letters = Array.from(content.files[file] ?? "");
  const length = Array.from(old).length;
  if (letters.slice(value.at, value.at + length).join("") !== old) throw new CannotEdit(file);
  letters.splice(value.at, length, value.text);
  content.files[file] = letters.join("");
  return { op: "text", file, path: "", value: { at: value.at, text: old }, old: value.text };
}

/** The smallest `text` operation that makes one text the other; none where they are equal. */
export function textOps(file: string, before: string, after: string): Op[] {
  if (before === after) return [];
  const one = Array.from(before);
  const other = Array.from(after);
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let end = 0;
  while (
    end < one.length - start &&
    end < other.length - start &&
    one[one.length - 1 - end] === other[other.length - 1 - end]
  )
    end++;
  const old = one.slice(start, one.length - end).join("");
  const text = other.slice(start, other.length - end).join("");
  return [{ op: "text", file, path: "", value: { at: start, text }, old }];
}

/** The operations that put a value at a pointer of the app, making the mappings above it. */
export function putOps(document: Json, path: string, value: Json | undefined): Op[] {
  const found = at(document, path);
  if (value === undefined) return found === undefined ? [] : [{ op: "del", path, old: found }];
  if (found !== undefined)
    return JSON.stringify(found) === JSON.stringify(value) ? [] : [{ op: "set", path, value, old: found }];
  const keys = keysOf(path);
  for (let depth = 1; depth < keys.length; depth++) {
    const above = pointer(...keys.slice(0, depth));
    if (at(document, above) === undefined) {
      const inner = keys.slice(depth).reduceRight<Json>((held, key) => ({ [key]: held }), value);
      return [{ op: "add", path: above, value: inner }];
    }
  }
  return [{ op: "add", path, value }];
}

/** A diagnostic's fix in the operations of a draft: there, `move` renames a key. */
export function fixOps(document: Json, ops: readonly Op[]): Op[] {
  return ops.flatMap((op) => {
    if (op.op === "move") {
      const value = at(document, op.path);
      if (value === undefined || typeof op.value !== "string") return [];
      return [
        { op: "del", path: op.path, old: value },
        { op: "add", path: op.value, value },
      ];
    }
    if (op.op === "set" || op.op === "add") return putOps(document, op.path, op.value ?? null);
    return [{ ...op }];
  });
}
