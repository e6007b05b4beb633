// Which type may flow into which: the rules of the app language (agents/types/assignment.py), on described types.

export type Shape =
  | string
  | { list: Shape }
  | { map: Shape }
  | { optional: Shape }
  | { union: Shape[] }
  | { enum: string[] }
  | { record: string; fields: { [name: string]: Shape } };

const isString = (shape: Shape): shape is string => typeof shape === "string";

function sameShape(one: Shape, other: Shape): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function hasSecret(shape: Shape): boolean {
  if (isString(shape)) return shape === "secret";
  if ("list" in shape) return hasSecret(shape.list);
  if ("map" in shape) return hasSecret(shape.map);
  if ("optional" in shape) return hasSecret(shape.optional);
  if ("union" in shape) return shape.union.some(hasSecret);
  if ("fields" in shape) return Object.values(shape.fields).some(hasSecret);
  return false;
}

/** Whether every value of `source` is a value of `target`. */
export function assignable(source: Shape, target: Shape): boolean {
  if (source === "never" || sameShape(source, target)) return true;
  if ((source === "integer" && target === "number") || (source === "image" && target === "file")) return true;
  if (target === "json") return !hasSecret(source);
  if (!isString(source) && "union" in source) return source.union.every((one) => assignable(one, target));
  if (!isString(target)) {
    if ("union" in target) return target.union.some((one) => assignable(source, one));
    if ("optional" in target)
      return assignable(!isString(source) && "optional" in source ? source.optional : source, target.optional);
  }
  return partsFit(source, target);
}

function partsFit(source: Shape, target: Shape): boolean {
  if (isString(source)) return false;
  if (isString(target)) return "enum" in source && target === "string";
  if ("list" in source && "list" in target) return assignable(source.list, target.list);
  if ("map" in source && "map" in target) return assignable(source.map, target.map);
  if ("enum" in source && "enum" in target) return source.enum.every((one) => target.enum.includes(one));
  if ("fields" in source && "map" in target) return target.map === "json";
  if ("fields" in source && "fields" in target)
    return Object.entries(target.fields).every(([name, wanted]) => {
      const found = source.fields[name];
      if (found === undefined) return !isString(wanted) && "optional" in wanted;
      return assignable(found, wanted);
    });
  return false;
}

export interface Way {
  path: string[];
  shape: Shape;
}

/** The ways into a value: the value itself, then the fields of records, `depth` levels down. */
export function ways(shape: Shape, path: string[] = [], depth = 3): Way[] {
  const found: Way[] = [{ path, shape }];
  if (depth > 0 && !isString(shape) && "fields" in shape)
    for (const [name, field] of Object.entries(shape.fields)) found.push(...ways(field, [...path, name], depth - 1));
  return found;
}

/** The type's text, as the language writes it. */
export function typeText(shape: Shape): string {
  if (isString(shape)) return shape;
  if ("list" in shape) return `list<${typeText(shape.list)}>`;
  if ("map" in shape) return `map<${typeText(shape.map)}>`;
  if ("optional" in shape) return `optional<${typeText(shape.optional)}>`;
  if ("union" in shape) return shape.union.map(typeText).join(" | ");
  if ("enum" in shape) return shape.enum.map((one) => `"${one}"`).join(" | ");
  return shape.record || "record";
}

/** The kind that decides a port's colour. */
export function kindOf(shape: Shape | undefined): string {
  if (shape === undefined) return "json";
  if (isString(shape)) return ["integer", "number"].includes(shape) ? "number" : shape;
  if ("list" in shape) return "list";
  if ("map" in shape) return "record";
  if ("optional" in shape) return kindOf(shape.optional);
  if ("enum" in shape) return "string";
  if ("union" in shape) return "json";
  return "record";
}
