import { expect, test } from "vitest";
import { assignable, typeText, ways, type Shape } from "../src/types";
import cases from "./assignable.json";

// The same table is checked against the compiler's own rules by tests/builder_ui/test_types.py.
test.each(cases as unknown as [Shape, Shape, boolean][])("%j into %j: %s", (source, target, fits) => {
  expect(assignable(source, target)).toBe(fits);
});

test("the ways into a record are its fields, three levels down", () => {
  const deep: Shape = { record: "A", fields: { x: "string", y: { record: "", fields: { z: "integer" } } } };
  expect(ways(deep).map((way) => way.path.join("."))).toEqual(["", "x", "y", "y.z"]);
});

test("a type is written as the language writes it", () => {
  expect(typeText({ optional: { list: { record: "Alarm", fields: {} } } })).toBe("optional<list<Alarm>>");
  expect(typeText({ enum: ["en", "zh"] })).toBe('"en" | "zh"');
});
