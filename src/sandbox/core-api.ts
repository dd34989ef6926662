import type { IncomingMessage } from "node:http";
import type { Place } from "./core-paths.ts";

/** One answered call: JSON with status 200, as business failures have too, or a text with its status. */
export type Answer = { readonly json: unknown } | { readonly status: number; readonly text: string };

/** One call to an API. */
export interface Call {
  readonly place: Place;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One method of one path. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly handle: (call: Call) => Promise<Answer>;
}

/** What the caller did wrong: 400 with a text. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** A text field of the body. @throws BadInput */
export function textField(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new BadInput(`Field name '${name}' is invalid in JSON input`);
  return value;
}

/** A flag of the body. @throws BadInput when it is there and no boolean, or absent without a default. */
export function flagField(body: Readonly<Record<string, unknown>>, name: string, absent?: boolean): boolean {
  const value = body[name] ?? absent;
  if (typeof value !== "boolean") throw new BadInput(`Field name '${name}' is invalid in JSON input`);
  return value;
}

/** An object of the body. @throws BadInput */
export function objectField(body: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const value = body[name];
  if (!isObject(value)) throw new BadInput(`Field name '${name}' is invalid in JSON input`);
  return value;
}

/** A JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A parameter of the query. @throws BadInput */
export function queryField(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) throw new BadInput(`Field name '${name}' is missing in GET request`);
  return value;
}
