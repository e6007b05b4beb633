// Recorded requests under the routing as it is, and under the one that is being edited.

import { useEffect, useState } from "react";
import { Problem } from "./api";
import { change, count, NONE, usd, type Routing, type WhatIf } from "./deployments";
import { useEnv } from "./env";
import { shortTime } from "./NodeView";

const REST = 300;

const seconds = (value: number | null): string => (value === null ? NONE : shortTime(value));

export function WhatIfTable({ routing, kept, shown }: { routing: Routing; kept: Routing; shown: boolean }) {
  const { t, api, lang } = useEnv();
  const [found, setFound] = useState<WhatIf | null>(null);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const asked = JSON.stringify({ routing });
  const now = JSON.stringify(kept);
  useEffect(() => {
    if (!shown) return;
    let over = false;
    setBusy(true);
    const ask = async () => {
      try {
        const told = await api.post<WhatIf>("/v1/models/what-if", JSON.parse(asked));
        if (over) return;
        setFound(told);
        setFailure("");
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (!over) setFailure(error.detail);
      }
      if (!over) setBusy(false);
    };
    const timer = setTimeout(() => void ask(), REST);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [api, asked, now, shown]);

  return (
    <section className="bg-whatif" aria-label={t("whatif.title")} aria-busy={busy}>
      <h4>{t("whatif.title")}</h4>
      <p className="bg-hint">
        {found && found.requests > 0
          ? t("whatif.lead", { n: count(found.requests, lang), policy: t("policy." + routing.policy) })
          : " "}
      </p>
      {failure && (
        <p className="bg-error" role="alert">
          {failure}
        </p>
      )}
      {!found && !failure && <p className="bg-hint">{t("whatif.loading")}</p>}
      {found?.requests === 0 && <p className="bg-hint">{t("whatif.none")}</p>}
      {found && found.requests > 0 && <Comparison found={found} />}
    </section>
  );
}

function Comparison({ found }: { found: WhatIf }) {
  const { t, lang } = useEnv();
  const calls = (when: "now" | "then") => found.rows.reduce((sum, row) => sum + row[when].calls, 0);
  const most = Math.max(1, ...found.rows.flatMap((row) => [row.now.calls, row.then.calls]));
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              {t("models.deployment")}
            </th>
            {(["calls", "usd", "seconds"] as const).map((one) => (
              <th scope="colgroup" colSpan={2} key={one} className="is-number">
                {t("whatif." + one)}
              </th>
            ))}
          </tr>
          <tr>
            {["calls", "usd", "seconds"].map((one) =>
              (["now", "then"] as const).map((when) => (
                <th scope="col" key={one + when} className="is-number">
                  {t("whatif." + when)}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {found.rows.map((row) => (
            <tr key={row.deployment} data-row={row.deployment}>
              <th scope="row">{row.deployment}</th>
              {(["now", "then"] as const).map((when) => (
                <td key={when} className="is-number">
                  {count(row[when].calls, lang)}
                  <i
                    className={`bg-share is-${when}`}
                    style={{ width: `${(row[when].calls / most) * 100}%` }}
                    aria-hidden="true"
                  />
                </td>
              ))}
              <td className="is-number">{usd(row.now.usd)}</td>
              <td className="is-number">{usd(row.then.usd)}</td>
              <td className="is-number">{seconds(row.now.seconds)}</td>
              <td className="is-number">{seconds(row.then.seconds)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("whatif.total")}</th>
            <td className="is-number">{count(calls("now"), lang)}</td>
            <td className="is-number">{count(calls("then"), lang)}</td>
            <td className="is-number">{usd(found.now.usd)}</td>
            <td className="is-number">
              {usd(found.then.usd)} <Change now={found.now.usd} then={found.then.usd} />
            </td>
            <td className="is-number">{seconds(found.now.median_s)}</td>
            <td className="is-number">
              {seconds(found.then.median_s)} <Change now={found.now.median_s} then={found.then.median_s} />
            </td>
          </tr>
        </tfoot>
      </table>
      {found.unserved > 0 && <p className="bg-error">{t("whatif.unserved", { n: count(found.unserved, lang) })}</p>}
      <p className="bg-hint">{t("whatif.note")}</p>
    </>
  );
}

function Change({ now, then }: { now: number | null; then: number | null }) {
  const said = change(now, then);
  const tone = said.startsWith("−") ? "is-good" : said.startsWith("+") ? "is-bad" : "";
  return <small className={tone}>{said || " "}</small>;
}
