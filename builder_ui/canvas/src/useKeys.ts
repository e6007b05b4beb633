// The canvas's keys. They are heard on the whole page: after a click on the canvas the focus may be nowhere.

import { useEffect, useRef, type RefObject } from "react";

export interface Keys {
  undo: () => void;
  redo: () => void;
  run: () => void;
  duplicate: () => void;
  remove: () => void;
  add: () => void;
  close: () => void;
}

const TYPING = "input, textarea, select, [contenteditable]";

/** The action of a key; those that change what is chosen on the canvas need that the canvas was touched last. */
export function actionOf(event: KeyboardEvent, typing: boolean, onCanvas: boolean): keyof Keys | null {
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (command && key === "enter") return "run";
  if (typing) return null;
  if (command && key === "z") return event.shiftKey ? "redo" : "undo";
  if (command && key === "y") return "redo";
  if (!onCanvas) return null;
  if (command && key === "d") return "duplicate";
  if (command || event.altKey) return null;
  if (key === "delete" || key === "backspace") return "remove";
  if (key === "/") return "add";
  return key === "escape" ? "close" : null;
}

export function useKeys(frame: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let onCanvas = true;
    const isIn = (event: Event, part: Element | null | undefined) => !!part && event.composedPath().includes(part);
    // What is around our page may take the focus when the canvas is clicked; that says nothing.
    const onTouch = (event: Event) => {
      if (isIn(event, frame.current)) onCanvas = true;
      else if (isIn(event, frame.current?.closest(".bg-page"))) onCanvas = false;
    };
    const onKey = (event: KeyboardEvent) => {
      const target = event.composedPath()[0];
      const typing = target instanceof Element && target.closest(TYPING) !== null;
      const action = actionOf(event, typing, onCanvas);
      if (action === null || frame.current === null) return;
      event.preventDefault();
      // A field that is being typed in commits on this very key, and comes first.
      setTimeout(() => latest.current[action](), 0);
    };
    window.addEventListener("pointerdown", onTouch, true);
    window.addEventListener("focusin", onTouch, true);
    window.addEventListener("keydown", onKey, true);
    return () => {
      window.removeEventListener("pointerdown", onTouch, true);
      window.removeEventListener("focusin", onTouch, true);
      window.removeEventListener("keydown", onKey, true);
    };
  }, [frame]);
}
