// A small menu at a place of the canvas; it stays inside, and Escape or a click elsewhere closes it.

import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

interface Props {
  x: number;
  y: number;
  label: string;
  onClose: () => void;
  children: ReactNode;
}

export function Popup({ x, y, label, onClose, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ x, y });
  useLayoutEffect(() => {
    const own = box.current;
    const around = own?.parentElement?.getBoundingClientRect();
    if (!own || !around) return;
    const most = { x: around.width - own.offsetWidth - 8, y: around.height - own.offsetHeight - 8 };
    setPlace({ x: Math.max(8, Math.min(x, most.x)), y: Math.max(8, Math.min(y, most.y)) });
    own.querySelector<HTMLElement>("input, button")?.focus();
  }, [x, y]);
  useEffect(() => {
    const root = box.current?.getRootNode() as ShadowRoot | Document | undefined;
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    root?.addEventListener("pointerdown", away);
    return () => root?.removeEventListener("pointerdown", away);
  }, [onClose]);
  const onKeyDown = (event: KeyboardEvent) => {
    const options = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const root = box.current?.getRootNode() as ShadowRoot | undefined;
    const here = options.indexOf(root?.activeElement as HTMLElement);
    const steps: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (event.key === "Escape") onClose();
    else if (step !== undefined) options[(here + step + options.length) % options.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={box}
      className="bg-popup"
      role="menu"
      aria-label={label}
      style={{ left: place.x, top: place.y }}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>
  );
}
