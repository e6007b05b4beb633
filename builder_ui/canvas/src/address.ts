// The state that the browser's address carries: app, node, run, language.

export function readAddress(name: string): string | null {
  return new URLSearchParams(location.search).get(name) || null;
}

export function writeAddress(changes: { [name: string]: string | null }): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes))
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  const next = `${location.pathname}?${query}`;
  if (next !== location.pathname + location.search) history.replaceState(history.state, "", next);
}
