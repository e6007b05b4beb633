import { expect, test } from "vitest";
import { actionOf } from "../src/useKeys";

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({ key: name, ...more }) as KeyboardEvent;

test("keys act by where the person is", () => {
  const control = { ctrlKey: true };
  expect(actionOf(key("z", control), false, false)).toBe("undo");
  expect(actionOf(key("Z", { ...control, shiftKey: true }), false, true)).toBe("redo");
  expect(actionOf(key("z", control), true, true)).toBeNull(); // the field's own undo
  expect(actionOf(key("Enter", control), true, false)).toBe("run");
  expect(actionOf(key("Delete"), false, true)).toBe("remove");
  expect(actionOf(key("Delete"), false, false)).toBeNull(); // the focus is on a button beside the canvas
  expect(actionOf(key("Backspace"), true, true)).toBeNull();
  expect(actionOf(key("/"), false, true)).toBe("add");
  expect(actionOf(key("x"), false, true)).toBeNull();
});
