// Icons as paths (24 × 24, stroked), so that no font is needed.

const PATHS: { [name: string]: string } = {
  inputs: "M4 12h11m-4-4 4 4-4 4M19 5v14",
  data: "M4 7h16M4 12h10M4 17h13",
  control: "M6 4v6a4 4 0 0 0 4 4h8m-3-3 3 3-3 3M6 10v10",
  model: "M12 3l2.2 5.8L20 11l-5.8 2.2L12 19l-2.2-5.8L4 11l5.8-2.2z",
  knowledge: "M5 4h10a4 4 0 0 1 4 4v12H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11",
  tool: "M14 7a4 4 0 0 0-5 5l-6 6 3 3 6-6a4 4 0 0 0 5-5l-3 3-3-3z",
  people: "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  output: "M5 4v16M9 12h11m-4-4 4 4-4 4",
  undo: "M9 7H4V2M4 7a9 9 0 1 1-1 8",
  redo: "M15 7h5V2M20 7a9 9 0 1 0 1 8",
  arrange: "M4 5h6v5H4zM14 3h6v5h-6zM14 14h6v5h-6zM10 8h4M12 8v8h2",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  play: "M7 4l13 8-13 8z",
  stop: "M6 6h12v12H6z",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  braces: "M8 4c-3 0-1 7-4 8 3 1 1 8 4 8M16 4c3 0 1 7 4 8-3 1-1 8-4 8",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  wide: "M9 6l-6 6 6 6M15 6l6 6-6 6",
};

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg className="bg-icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? PATHS.data} />
    </svg>
  );
}
