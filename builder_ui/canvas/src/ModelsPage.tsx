// Deployments with their health, and below them: two answers side by side, the routing, and its decisions.

import { useCallback, useEffect, useId, useState } from "react";
import { readAddress, writeAddress } from "./address";
import { Problem } from "./api";
import { DecisionList } from "./DecisionList";
import type { ModelList } from "./deployments";
import { DeploymentTable } from "./DeploymentTable";
import { useEnv } from "./env";
import { LangSwitch } from "./LangSwitch";
import type { Lang } from "./model";
import { Playground } from "./Playground";
import { RoutingForm } from "./RoutingForm";
import { useRefresh } from "./useRefresh";

const REFRESH = 3000;
const PARTS = ["playground", "routing", "decisions"] as const;
type Part = (typeof PARTS)[number];

export function ModelsPage({ onLang }: { onLang: (lang: Lang) => void }) {
  const { t, api } = useEnv();
  const id = useId();
  const [list, setList] = useState<ModelList | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const [part, setPart] = useState<Part>(() => PARTS.find((one) => one === readAddress("part")) ?? "playground");
  const [deployment, setDeployment] = useState(readAddress("deployment") ?? "");

  const load = useCallback(async () => {
    try {
      setList(await api.get<ModelList>("/v1/models"));
      setFailure(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailure(error);
    }
  }, [api]);
  useRefresh(load, REFRESH);
  useEffect(() => {
    writeAddress({ part: part === "playground" ? null : part, deployment: part === "decisions" ? deployment : null });
  }, [part, deployment]);

  return (
    <div className="bg-models">
      <div className="bg-pagehead">
        <h2>{t("page.models")}</h2>
        {failure && list && (
          <span className="bg-error" role="alert" title={failure.detail}>
            {t("models.stale", { why: failure.detail })}
          </span>
        )}
        <span className="bg-gap" />
        <LangSwitch onLang={onLang} />
      </div>
      {list ? (
        <DeploymentTable
          models={list.models}
          onCalls={(one) => {
            setDeployment(one);
            setPart("decisions");
          }}
        />
      ) : failure ? (
        <p className="bg-error" role="alert">
          {failure.detail}
        </p>
      ) : (
        <p className="bg-loading" role="status">
          {t("models.loading")}
        </p>
      )}
      {list && (
        <>
          <div className="bg-tabs" role="tablist" aria-label={t("models.parts")}>
            {PARTS.map((one) => (
              <button
                type="button"
                role="tab"
                key={one}
                id={`${id}-${one}`}
                aria-controls={`${id}-${one}-panel`}
                aria-selected={part === one}
                onClick={() => setPart(one)}
              >
                {t("models." + one)}
              </button>
            ))}
          </div>
          {PARTS.map((one) => (
            <div
              role="tabpanel"
              key={one}
              id={`${id}-${one}-panel`}
              aria-labelledby={`${id}-${one}`}
              className="bg-part"
              hidden={part !== one}
            >
              {one === "playground" && <Playground models={list.models} onAnswered={() => void load()} />}
              {one === "routing" && (
                <RoutingForm
                  kept={list.routing}
                  shown={part === one}
                  onSaved={(routing) => setList({ ...list, routing })}
                />
              )}
              {one === "decisions" && part === one && (
                <DecisionList models={list.models} deployment={deployment} onDeployment={setDeployment} />
              )}
            </div>
          ))}
        </>
      )}
    </div>
  );
}
