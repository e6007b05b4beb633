// The store of the run that a page shows, and its latest view.

import { useEffect, useState, useSyncExternalStore } from "react";
import { useEnv } from "./env";
import { RunStore, type RunView } from "./runstore";

export function useRun(): { runs: RunStore; view: RunView | null } {
  const { api } = useEnv();
  const [runs] = useState(() => new RunStore(api));
  useEffect(() => () => runs.close(), [runs]);
  const view = useSyncExternalStore(runs.subscribe, runs.snapshot);
  return { runs, view };
}
