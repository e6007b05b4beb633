// What the compiler says, each finding with its fix where there is one that can be applied.

import { fixOps } from "./edit";
import { useEnv } from "./env";
import { Icon } from "./icons";
import type { JsonObject } from "./json";
import type { Diagnostic, Op } from "./model";

interface Props {
  findings: Diagnostic[];
  document: JsonObject;
  onFix: (ops: Op[]) => void;
  onOpen?: (node: string) => void;
}

/** The node of the app's own graph that a node path leads through: `each` of `each.look`. */
const outermost = (path: string): string => path.split(".")[0] as string;

export function Findings({ findings, document, onFix, onOpen }: Props) {
  const { lang } = useEnv();
  return (
    <ul className="bg-findings">
      {findings.map((one, index) => (
        <li key={index} className={`is-${one.severity}`}>
          <Icon name="warn" size={15} />
          <div>
            <code>{one.code}</code>
            {onOpen && one.node && (
              <button type="button" className="bg-link" onClick={() => onOpen(outermost(one.node as string))}>
                {one.node}
              </button>
            )}
            <p>{one.message[lang]}</p>
            {one.fix && one.fix.ops.length > 0 && (
              <button type="button" className="bg-quiet" onClick={() => onFix(fixOps(document, one.fix?.ops ?? []))}>
                {one.fix.title[lang]}
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
