import { z } from "zod";
import { template } from "./http-template.ts";
import { MAX_ENDPOINTS } from "./scenario.ts";
import { within } from "./setting.ts";

const MAX_TEXT = 4_096;
const MAX_BODY_CHARS = 32_768;
/** Headers that only the transport can set rightly. */
const OURS = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade", "keep-alive"]);
/** Headers that hold nothing but a credential. */
const CREDENTIALS = new Set(["authorization", "proxy-authorization", "cookie", "api-key", "x-api-key"]);

const NAME_ERROR = "must be a short name of lower-case letters, digits and hyphens";
const name = z.string({ error: NAME_ERROR }).regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: NAME_ERROR });
const VAR_ERROR = "must be a name of letters, digits and underscores";
const varName = z.string({ error: VAR_ERROR }).regex(/^(?!tag$)(?!__)[a-zA-Z_]\w{0,39}$/, { error: VAR_ERROR });
const PATH_ERROR = "must be a path into the answer's JSON, such as user.id or items.0.id";
const jsonPath = z.string({ error: PATH_ERROR }).regex(/^[^.\s]{1,100}(\.[^.\s]{1,100}){0,9}$/, { error: PATH_ERROR });
const STATUS_ERROR = 'must be a status such as 200, or a range such as "200-299"';
const status = z
  .union(
    [
      z.int({ error: STATUS_ERROR }).min(100, { error: STATUS_ERROR }).max(599, { error: STATUS_ERROR }),
      z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, { error: STATUS_ERROR }),
    ],
    { error: STATUS_ERROR },
  )
  .default("200-299");
const scalar = z.union([z.string().max(MAX_TEXT, { error: "is too long" }), z.number(), z.boolean(), z.null()], {
  error: "must be a text, a number, true, false or null",
});
const TEXT_ERROR = `must be a text of at most ${MAX_TEXT} characters on one line`;
const HEADER_ERROR = "must be a header name";
const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9-]{1,100}$/, { error: HEADER_ERROR }),
    z.string({ error: TEXT_ERROR }).regex(/^[\t\x20-\x7e]{0,4096}$/, { error: TEXT_ERROR }),
    { error: "must be a map of header names to texts" },
  )
  .default({});

const PATH_OF_REQUEST = "must be a path that begins with / and has no spaces";
const step = z.strictObject(
  {
    name,
    method: z
      .enum(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"], {
        error: "must be GET, POST, PUT, DELETE, PATCH or HEAD",
      })
      .default("GET"),
    path: z
      .string({ error: PATH_OF_REQUEST })
      .max(2_048, { error: "is too long" })
      .regex(/^\/(?:\{\{[^{}]*\}\}|[\x21-\x7a|~])*$/, { error: PATH_OF_REQUEST }),
    headers,
    /** A text is sent as it is; a map or list is sent as JSON, and values of placeholders are made to fit it. */
    body: z
      .union([z.string(), z.record(z.string(), z.json()), z.array(z.json())], {
        error: "must be a text, or a map or list that is sent as JSON",
      })
      .refine((body) => bodyText(body).length <= MAX_BODY_CHARS, { error: `is over ${MAX_BODY_CHARS} characters` })
      .optional(),
    expect: z
      .strictObject({
        status,
        contains: z
          .string({ error: "must be a text" })
          .min(1, { error: "is empty" })
          .max(MAX_TEXT, { error: "is too long" })
          .optional(),
        json: z.record(jsonPath, scalar, { error: "must be a map of JSON paths to values" }).optional(),
      })
      .prefault({}),
    /** What later requests need of the answer. */
    extract: z.record(varName, jsonPath, { error: "must be a map of names to JSON paths" }).default({}),
  },
  { error: "must be a map of a request" },
);

const endpoint = step.extend({
  weight: within(0, 1_000_000).default(1),
  /** Whether callers of the closed model may repeat it as it is; GET and HEAD may unless this says no. */
  repeatable: z.boolean({ error: "must be true or false" }).optional(),
});

const shape = z.strictObject({
  name,
  endpoints: z
    .array(endpoint, { error: "must be a list of requests" })
    .min(1, { error: "needs at least one request" })
    .max(MAX_ENDPOINTS, { error: `can have at most ${MAX_ENDPOINTS} requests` }),
  /** Sent once a thread, in this order, before the first arrival. */
  prepare: z
    .array(step, { error: "must be a list of requests" })
    .max(MAX_ENDPOINTS, { error: `can have at most ${MAX_ENDPOINTS} requests` })
    .default([]),
  /** Used as `{{secret.NAME}}`; never written down. */
  secrets: z
    .record(varName, z.string({ error: "must be a text" }).max(MAX_TEXT, { error: "is too long" }), {
      error: "must be a map of names to texts",
    })
    .default({}),
});

/** One request of a scenario file. */
export type HttpStep = z.output<typeof step>;
/** One that is part of the load. */
export type HttpEndpoint = z.output<typeof endpoint>;
/** What a scenario file says. */
export type HttpSettings = z.output<typeof shape>;

/** Settings of the `http` scenario: what a scenario file holds. */
export const httpSchema = shape.superRefine((settings, context) => {
  const told = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  const prepared = new Set<string>();
  const anywhere = new Set([...settings.prepare, ...settings.endpoints].flatMap(({ extract }) => Object.keys(extract)));
  const secrets = new Set(Object.keys(settings.secrets));
  for (const [index, one] of settings.prepare.entries()) {
    checkStep(one, ["prepare", index], prepared, secrets, told);
    for (const name of Object.keys(one.extract)) prepared.add(name);
  }
  const names = new Set<string>();
  for (const [index, one] of settings.endpoints.entries()) {
    checkStep(one, ["endpoints", index], anywhere, secrets, told);
    if (names.has(one.name)) told(["endpoints", index, "name"], "is the name of another endpoint, too");
    names.add(one.name);
  }
  const able = settings.endpoints.filter(({ weight }) => weight > 0);
  if (able.length === 0 && names.size > 0) told(["endpoints"], "every weight is 0");
  if (able.length > 0 && !able.some((one) => varsOf(one).every((name) => prepared.has(name)))) {
    told(["endpoints"], "no request can be the first: each needs a value from the answer of another");
  }
});

/** Where a request has texts with placeholders. */
export function textsOf({
  path,
  headers,
  body,
}: HttpStep): { readonly place: readonly string[]; readonly text: string }[] {
  return [
    { place: ["path"], text: path },
    ...Object.entries(headers).map(([name, text]) => ({ place: ["headers", name], text })),
    ...(body === undefined ? [] : [{ place: ["body"], text: bodyText(body) }]),
  ];
}

/** Names of values that a request needs from answers. */
export function varsOf(step: HttpStep): string[] {
  return textsOf(step).flatMap(({ text }) => template(text).vars);
}

/** A body as it is sent, before its placeholders are filled. */
export function bodyText(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

function checkStep(
  step: HttpStep,
  at: readonly (string | number)[],
  vars: ReadonlySet<string>,
  secrets: ReadonlySet<string>,
  told: (path: (string | number)[], message: string) => void,
): void {
  if (step.body !== undefined && (step.method === "GET" || step.method === "HEAD")) {
    told([...at, "body"], `a ${step.method} request has no body`);
  }
  if (Object.keys(step.headers).length > 32) told([...at, "headers"], "can have at most 32 headers");
  for (const { place, text } of textsOf(step)) {
    const { vars: needed, secrets: hidden, unknown } = template(text);
    for (const name of unknown) {
      const known = "{{tag}}, {{random.uuid}}, {{secret.NAME}} and names under extract";
      told([...at, ...place], `{{${name.slice(0, 40)}}} means nothing here: there are ${known}`);
    }
    for (const name of needed) {
      if (!vars.has(name)) told([...at, ...place], `{{${name}}} is extracted by no request before this one`);
    }
    for (const name of hidden) {
      if (!secrets.has(name)) told([...at, ...place], `{{secret.${name}}} is not under secrets`);
    }
    const header = place[0] === "headers" ? (place[1] ?? "").toLowerCase() : "";
    if (OURS.has(header)) told([...at, ...place], "this header is set by the transport");
    if (CREDENTIALS.has(header) && needed.length + hidden.length === 0) {
      told(
        [...at, ...place],
        "settings stand in the certificate: put the value under secrets and write {{secret.NAME}}",
      );
    }
  }
}
