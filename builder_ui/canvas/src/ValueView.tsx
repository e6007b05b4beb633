// A value, by its shape: text, a table of records, a file, a list of steps or citations, or JSON.

import { useEnv } from "./env";
import { isObject, type Json, type JsonObject } from "./json";

const MOST = 50;

export function ValueView({ value, type = "" }: { value: Json | undefined; type?: string }) {
  const { t } = useEnv();
  if (value === undefined || value === null) return <span className="bg-none">{t("value.none")}</span>;
  if (typeof value === "string") return <p className="bg-text">{value}</p>;
  if (typeof value === "number" || typeof value === "boolean") return <code>{String(value)}</code>;
  if (isFile(value)) return <FileView file={value} />;
  if (Array.isArray(value)) return <ListView items={value} type={type} />;
  return <pre className="bg-json">{shortened(JSON.stringify(value, null, 2))}</pre>;
}

interface StoredFile extends JsonObject {
  id: string;
  name: string;
  media_type: string;
  size: number;
}

function isFile(value: Json): value is StoredFile {
  return isObject(value) && typeof value.id === "string" && typeof value.media_type === "string" && "size" in value;
}

function shortened(text: string): string {
  return text.length > 4000 ? text.slice(0, 4000) + "\n…" : text;
}

function ListView({ items, type }: { items: Json[]; type: string }) {
  const { t } = useEnv();
  if (items.length === 0) return <span className="bg-none">{t("value.empty")}</span>;
  if (type.includes("Step") || items.every((one) => isObject(one) && "title" in one)) return <Steps items={items} />;
  if (type.includes("Citation") || items.every((one) => isObject(one) && "quote" in one && "document" in one))
    return <Citations items={items} />;
  if (items.every((one) => isObject(one) && Object.values(one).every((field) => typeof field !== "object")))
    return <Table rows={items as JsonObject[]} />;
  return <pre className="bg-json">{shortened(JSON.stringify(items, null, 2))}</pre>;
}

function Table({ rows }: { rows: JsonObject[] }) {
  const { t } = useEnv();
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <div className="bg-scroll">
      <table>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, index) => (
            <tr key={index}>
              {names.map((name) => (
                <td key={name}>{String(row[name] ?? "")}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && <p className="bg-hint">{t("value.more", { n: rows.length - MOST })}</p>}
    </div>
  );
}

function Steps({ items }: { items: Json[] }) {
  return (
    <ol className="bg-steps">
      {items.filter(isObject).map((step, index) => (
        <li key={index}>
          <p>{String(step.title)}</p>
          {typeof step.detail === "string" && <p className="bg-hint">{step.detail}</p>}
          {Array.isArray(step.citations) && (
            <p className="bg-cites">
              {step.citations.filter(isObject).map((citation, number) => (
                <a
                  key={number}
                  href={`#source-${citation.id}`}
                  title={String(citation.quote)}
                  onClick={(event) => reveal(event.currentTarget, String(citation.id), event)}
                >
                  {String(citation.document)}
                </a>
              ))}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Scroll to a source; the page's own anchors do not reach into a shadow root. */
function reveal(from: HTMLElement, id: string, event: { preventDefault: () => void }): void {
  event.preventDefault();
  const root = from.getRootNode() as ShadowRoot | Document;
  const found = [...root.querySelectorAll<HTMLElement>("[data-source]")].find((one) => one.dataset.source === id);
  found?.scrollIntoView({ block: "center", behavior: "smooth" });
  found?.classList.add("is-shown");
  setTimeout(() => found?.classList.remove("is-shown"), 1600);
}

function Citations({ items }: { items: Json[] }) {
  const { t } = useEnv();
  return (
    <ul className="bg-sources">
      {items.filter(isObject).map((citation, index) => (
        <li key={index} data-source={String(citation.id)}>
          <b>{String(citation.document)}</b>
          <small>
            {typeof citation.page === "number" && t("value.page", { n: citation.page }) + " · "}
            {t("value.span", { from: String(citation.start), to: String(citation.end) })}
          </small>
          <blockquote>{String(citation.quote)}</blockquote>
        </li>
      ))}
    </ul>
  );
}

function FileView({ file }: { file: StoredFile }) {
  const { t, api } = useEnv();
  const address = api.url(`/v1/artifacts/${encodeURIComponent(file.id)}`);
  const size = file.size < 1024 ? `${file.size} B` : `${(file.size / 1024).toFixed(1)} KB`;
  return (
    <div className="bg-file">
      <a href={address} target="_blank" rel="noreferrer">
        {file.name}
      </a>
      <small>
        {file.media_type} · {size} · {t("value.open")}
      </small>
      {file.media_type.startsWith("text/html") && <iframe title={file.name} src={address} sandbox="" loading="lazy" />}
      {/^image\/(png|jpeg)$/.test(file.media_type) && <img src={address} alt={file.name} />}
    </div>
  );
}
