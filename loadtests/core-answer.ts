import type { Verdict } from "./scenario.ts";

/** An answer of a core's API, read once. `word` is its `status`, as far as it is a plain word. */
export type CoreAnswer =
  | { readonly verdict: "ok"; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly verdict: Exclude<Verdict, "ok">; readonly word: string };

/** Failures of business are 200 with another `status` than OK. Anything that is not a core's JSON is a wrong body. */
export function readAnswer(status: number, body: string): CoreAnswer {
  if (status < 200 || status > 299) return { verdict: "non-2xx", word: `HTTP ${status}` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { verdict: "wrong-body", word: "no JSON" };
  }
  if (!isRecord(parsed) || typeof parsed["status"] !== "string") return { verdict: "wrong-body", word: "no status" };
  const { status: word } = parsed;
  if (word === "OK") return { verdict: "ok", answer: parsed };
  return { verdict: "business-failure", word: /^[A-Z_]{1,60}$/.test(word) ? word : "another status than OK" };
}

/** A JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text field of an object; `undefined` for anything else. */
export function textIn(value: unknown, name: string): string | undefined {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === "string" ? found : undefined;
}
