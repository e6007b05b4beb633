// Sends what a person has said to the runtime, once at a time; a refusal is told to them.

import { useState } from "react";
import { Problem } from "./api";
import { useEnv } from "./env";
import type { JsonObject } from "./json";

/** Whether something is on its way, and the function that sends a body to a path and then calls back. */
export function useSend(onSent: () => void): [boolean, (path: string, body: JsonObject) => void] {
  const { api, say } = useEnv();
  const [busy, setBusy] = useState(false);
  const send = async (path: string, body: JsonObject) => {
    setBusy(true);
    try {
      await api.post(path, body);
      onSent();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(error.detail, "error");
    } finally {
      setBusy(false);
    }
  };
  return [busy, (path, body) => void send(path, body)];
}
