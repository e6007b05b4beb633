// Reads something now and again while the page is visible, one reading at a time.

import { useEffect, useRef } from "react";

/** A new `load` reads at once; `held` keeps what is there until it is let go. */
export function useRefresh(load: () => Promise<void>, pause: number, held = false): void {
  const holding = useRef(held);
  holding.current = held;
  useEffect(() => {
    let first = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const visible = () => globalThis.document.visibilityState === "visible";
    const round = async () => {
      clearTimeout(timer);
      if (first || (visible() && !holding.current)) await load();
      first = false;
      clearTimeout(timer);
      if (!over) timer = setTimeout(round, pause);
    };
    const onVisible = () => {
      if (visible()) void round();
    };
    void round();
    globalThis.document.addEventListener("visibilitychange", onVisible);
    return () => {
      over = true;
      clearTimeout(timer);
      globalThis.document.removeEventListener("visibilitychange", onVisible);
    };
  }, [load, pause]);
}
