// The runtime's HTTP API, through the builder's own origin.

import { isObject, type Json, type JsonObject } from "./json";
import type { RunEvent } from "./model";

/** An error that the runtime told (RFC 9457), or that there was no answer (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly where: string = "",
    readonly fix: string = "",
  ) {
    super(detail);
  }
  get lost(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export class Api {
  constructor(private readonly base: string) {}

  url(path: string): string {
    return this.base + path;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.send("GET", path)) as T;
  }

  async post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    return (await this.send("POST", path, body, headers)) as T;
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await this.send("PUT", path, body)) as T;
  }

  async upload(file: File): Promise<{ id: string; name: string; size: number; media_type: string }> {
    const kind = file.type || "application/octet-stream";
    const path = `/v1/artifacts?name=${encodeURIComponent(file.name)}`;
    return (await this.fetch("POST", path, file, { "Content-Type": kind })) as never;
  }

  private send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const kind: Record<string, string> = json === undefined ? {} : { "Content-Type": "application/json" };
    return this.fetch(method, path, json, { ...kind, ...headers });
  }

  private async fetch(
    method: string,
    path: string,
    body: BodyInit | undefined,
    headers: Record<string, string>,
  ): Promise<unknown> {
    let answer: Response;
    try {
      const keepalive = typeof body === "string" && body.length < 60_000;
      answer = await fetch(this.url(path), { method, body, keepalive, headers: { "X-Baigong": "1", ...headers } });
    } catch (error) {
      throw new Problem(0, "", String(error));
    }
    const text = await answer.text();
    const data = parse(text);
    if (!answer.ok) throw asProblem(answer.status, data);
    return data;
  }

  /** Yield the chunks of a streamed answer (OpenAI's `chat/completions`) until it is whole or `signal` says stop. */
  async *chat(body: JsonObject, signal: AbortSignal): AsyncGenerator<JsonObject> {
    let answer: Response;
    try {
      answer = await fetch(this.url("/openai/v1/chat/completions"), {
        method: "POST",
        body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
        headers: { "X-Baigong": "1", "Content-Type": "application/json", Accept: "text/event-stream" },
        signal,
      });
      if (!answer.ok || answer.body === null) throw asProblem(answer.status, parse(await answer.text()));
      for await (const text of readData(answer.body)) {
        if (text === "[DONE]") return;
        const chunk = parse(text);
        if (!isObject(chunk)) continue;
        if (isObject(chunk.error)) throw asProblem(answer.status, chunk);
        yield chunk;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof Problem ? error : new Problem(0, "", String(error));
    }
    if (!signal.aborted) throw new Problem(0, "", "");
  }

  /** Yield a run's events from one on, through lost connections, until it has ended or `signal` says stop. */
  async *events(run: string, signal: AbortSignal, after = 0): AsyncGenerator<RunEvent> {
    let last = after;
    let pause = 300;
    while (!signal.aborted) {
      let quiet = true;
      try {
        const answer = await fetch(this.url(`/v1/runs/${run}/events?after=${last}`), {
          headers: { Accept: "text/event-stream" },
          signal,
        });
        if (!answer.ok || answer.body === null) throw asProblem(answer.status, parse(await answer.text()));
        for await (const event of readEvents(answer.body)) {
          pause = 300;
          if (event.seq !== undefined) last = event.seq;
          quiet = false;
          yield event;
          if (event.type === "run.ended") return;
        }
        if (quiet) return; // nothing more is to come
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && !error.lost) throw error;
        await new Promise((wake) => setTimeout(wake, pause));
        pause = Math.min(pause * 2, 5000);
      }
    }
  }
}

function parse(text: string): Json {
  try {
    return text === "" ? null : (JSON.parse(text) as Json);
  } catch {
    return null;
  }
}

function asProblem(status: number, data: Json): Problem {
  const told = (data ?? {}) as JsonObject;
  const text = (name: string) => (typeof told[name] === "string" ? (told[name] as string) : "");
  if (isObject(told.error)) return new Problem(status, "", String(told.error.message ?? "") || `HTTP ${status}`);
  return new Problem(status, text("code"), text("detail") || `HTTP ${status}`, text("where"), text("fix"));
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent> {
  for await (const text of readData(body)) yield JSON.parse(text) as RunEvent;
}

/** Yield the data of server-sent events; comments and unknown fields are passed over. */
export async function* readData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const blocks = held.split(/\r?\n\r?\n/);
      held = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        const data = lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
        if (data) yield data;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
