import type { WireRequest } from "../src/domain/index.ts";
import { isRecord } from "./core-answer.ts";
import { bodyText, type HttpStep } from "./http-schema.ts";
import { type Template, type Values, template } from "./http-template.ts";
import type { Verdict } from "./scenario.ts";

const MAX_EXTRACTED = 8_192;

interface Compiled {
  readonly path: Template;
  readonly headers: readonly (readonly [name: string, value: Template])[];
  readonly body: Template | undefined;
  readonly bodyIsJson: boolean;
}

/** A step's templates, made at its first use. */
const compiled = new WeakMap<HttpStep, Compiled>();

/** The request with its placeholders filled. */
export function requestOf(step: HttpStep, values: Values): WireRequest {
  const { path, headers, body, bodyIsJson } = compile(step);
  const filled: Record<string, string> = bodyIsJson ? { "content-type": "application/json; charset=utf-8" } : {};
  for (const [name, value] of headers) filled[name] = value.fill(values, inHeader);
  return {
    method: step.method,
    path: path.fill(values, encodeURIComponent),
    headers: filled,
    body: body?.fill(values, bodyIsJson ? inJson : (value) => value),
  };
}

/** Judges an answer, and keeps in `vars` what the step extracts of it. */
export function judgeOf(step: HttpStep, vars: Map<string, string>): (status: number, body: string) => Verdict {
  const { expect, extract } = step;
  const [from = 200, to = from] = String(expect.status).split("-").map(Number);
  const wanted = Object.entries(expect.json ?? {});
  const taken = Object.entries(extract);
  return (status, body) => {
    if (status < from || status > to) return "non-2xx";
    if (expect.contains !== undefined && !body.includes(expect.contains)) return "wrong-body";
    if (wanted.length === 0 && taken.length === 0) return "ok";
    let answer: unknown;
    try {
      answer = JSON.parse(body);
    } catch {
      return "wrong-body";
    }
    if (!wanted.every(([path, value]) => valueAt(answer, path) === value)) return "business-failure";
    const found = taken.map(([name, path]) => [name, extractable(valueAt(answer, path))] as const);
    for (const [name, value] of found) {
      if (value === undefined) return "wrong-body";
      vars.set(name, value);
    }
    return "ok";
  };
}

/** Whether all of these have come. */
export function varsThere(names: readonly string[], vars: ReadonlyMap<string, string>): boolean {
  return names.every((name) => vars.has(name));
}

function compile(step: HttpStep): Compiled {
  const known = compiled.get(step);
  if (known !== undefined) return known;
  const made: Compiled = {
    path: template(step.path),
    headers: Object.entries(step.headers).map(([name, value]) => [name.toLowerCase(), template(value)] as const),
    body: step.body === undefined ? undefined : template(bodyText(step.body)),
    bodyIsJson: step.body !== undefined && typeof step.body !== "string",
  };
  compiled.set(step, made);
  return made;
}

/** `items.0.id` of an answer; `undefined` when there is no such thing. */
function valueAt(answer: unknown, path: string): unknown {
  let at = answer;
  for (const key of path.split(".")) {
    if (Array.isArray(at)) at = /^\d{1,9}$/.test(key) ? at[Number(key)] : undefined;
    else at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

/** Only short values on one line can be put into requests. */
function extractable(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value.length > MAX_EXTRACTED || /\p{Cc}/u.test(value)) return undefined;
  return value;
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Header values are ASCII; anything else in a value is percent-encoded. */
function inHeader(value: string): string {
  return value.replace(/[^\x20-\x7e]+/gu, encodeURIComponent);
}
