// The journal of a run, event by event.

import { useState } from "react";
import { useEnv } from "./env";
import type { RunEvent } from "./model";

export function EventList({ events }: { events: readonly RunEvent[] }) {
  const { t } = useEnv();
  const [open, setOpen] = useState<number | null>(null);
  const first = events[0]?.at ?? 0;
  return (
    <table className="bg-events">
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">{t("runs.at")}</th>
          <th scope="col">{t("runs.event")}</th>
          <th scope="col">{t("runs.node")}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => [
          <tr key={event.seq}>
            <td>{event.seq}</td>
            <td>{(((event.at ?? first) - first) / 1000).toFixed(3)} s</td>
            <td>
              <button
                type="button"
                className="bg-link"
                aria-expanded={open === event.seq}
                onClick={() => setOpen(open === event.seq ? null : (event.seq ?? null))}
              >
                {event.type}
              </button>
            </td>
            <td>
              <code>{event.path}</code>
            </td>
          </tr>,
          open === event.seq && (
            <tr key={`${event.seq}-data`}>
              <td colSpan={4}>
                <pre className="bg-json">{JSON.stringify(event.data, null, 2).slice(0, 6000)}</pre>
              </td>
            </tr>
          ),
        ])}
      </tbody>
    </table>
  );
}
