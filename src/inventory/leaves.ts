import { z } from "zod";
import { DURATION, writeDuration, parseDuration } from "./duration.ts";

/**
 * The leaves of the configuration's schema. Each says in its message what it must be, and after a line break what would
 * be right; `shape.ts` takes the two apart.
 */
export function say(message: string, hint: string): string {
  return `${message}\n${hint}`;
}

/** Ids, as they stand in targets, file names and messages. */
export const ID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;
/** Where cores may be found. */
export const DISCOVERIES = ["target-group", "ecs", "control-database", "tags"] as const;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const MAX_TEXT = 1000;
/** Longest secret: a client certificate with its chain fits. */
const MAX_SECRET = 64 * 1024;

/** Any text of one line. */
export function text(what = "text", hint = "write it in quotes"): z.ZodString {
  const error = say(`must be ${what}`, hint);
  return z
    .string(error)
    .min(1, say("must not be empty", hint))
    .max(MAX_TEXT, say(`is longer than ${MAX_TEXT} characters`, hint));
}

/** Text of a fixed form. */
export function form(what: string, hint: string, pattern: RegExp): z.ZodString {
  return text(what, hint).regex(pattern, say(`must be ${what}`, hint));
}

export const id = (): z.ZodString =>
  form("an id", "letters, digits, dot, underscore and hyphen, beginning with a letter or digit, at most 63 in all", ID);

/** A secret: never shown, whatever is wrong with it. */
export function secret(): z.ZodString {
  const hint = 'write "${env:NAME}" or "${file:PATH}"';
  return z
    .string(say("must be text", hint))
    .min(1, say("must not be empty", hint))
    .max(MAX_SECRET, say(`is longer than ${MAX_SECRET} characters`, hint))
    .regex(/^\P{Cc}*$/u, say("holds a line break or a control character", hint));
}

/** A duration between `min` and `max`, both as durations are written. */
export function duration(min: string, max: string): z.ZodString {
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  return z
    .string(say("must be a duration", "like 250ms, 10s, 5m, 2h or 30d"))
    .regex(DURATION, say("must be a duration", "like 250ms, 10s, 5m, 2h or 30d"))
    .refine(
      (value) => {
        const ms = parseDuration(value);
        return ms === undefined || (ms >= least && ms <= most);
      },
      say(`must be between ${writeDuration(least)} and ${writeDuration(most)}`, "choose one within these bounds"),
    );
}

export function whole(min: number, max: number): z.ZodNumber {
  const error = say(`must be a whole number from ${min} to ${max}`, "without quotes");
  return z.number(error).int(error).min(min, error).max(max, error);
}

/** A number with a fraction. */
export function decimal(min: number, max: number): z.ZodNumber {
  const error = say(`must be a number from ${min} to ${max}`, "without quotes");
  return z.number(error).min(min, error).max(max, error);
}

/** A part of a whole: 0–1, or a percentage. */
export function share(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const error = say("must be a share from 0 to 1, or a percentage", 'like 0.005 or "0.5%"');
  const percentage = z.string(error).refine((value) => parseShare(value) !== undefined, error);
  return z.union([z.number(error).min(0, error).max(1, error), percentage], error);
}

/** The share, 0–1, that a number or a percentage stands for; `undefined` when it is none. */
export function parseShare(value: number | string): number | undefined {
  if (typeof value === "number") return value;
  const percent = Number(/^(\d{1,3}(\.\d{1,9})?)%$/.exec(value)?.[1]);
  // 99.9 / 100 is not quite 0.999: what was written has at most twelve digits.
  return percent <= 100 ? Number((percent / 100).toPrecision(12)) : undefined;
}

/** An IP address, or a network in CIDR notation. */
export function network(): z.ZodString {
  const hint = "like 10.0.0.0/16, 203.0.113.7 or 2001:db8::/32";
  return text("an address or a network", hint).refine(
    isNetwork,
    say("must be an IP address or a network (CIDR)", hint),
  );
}

function isNetwork(value: string): boolean {
  const [, address = "", , bits = "0"] = /^([0-9a-fA-F.:]+)(\/(\d{1,3}))?$/.exec(value) ?? [];
  if (address.includes(":")) return URL.canParse(`http://[${address}]/`) && Number(bits) <= 128;
  const octets = address.split(".");
  return (
    octets.length === 4 && octets.every((one) => /^\d{1,3}$/.test(one) && Number(one) <= 255) && Number(bits) <= 32
  );
}

export function yesNo(): z.ZodBoolean {
  return z.boolean(say("must be true or false", "YAML 1.2: yes, no, on and off are texts"));
}

/** One word of a closed list. */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [W in Words[number]]: W }> {
  return z.enum(words, say(`must be one of ${words.join(", ")}`, "write one of them"));
}

/** A URL of one of `schemes`, without user and password: it is shown to people. */
export function openUrl(schemes: readonly string[], rest?: (url: URL) => string | undefined): z.ZodString {
  return url(schemes).superRefine((value, context) => {
    const parsed = parsedUrl(value, schemes);
    if (parsed === undefined) return;
    const [message, hint] = openUrlProblem(parsed) ?? [rest?.(parsed), "take it out"];
    if (message !== undefined) context.addIssue({ code: "custom", message: say(message, hint) });
  });
}

function openUrlProblem(parsed: URL): readonly [string, string] | undefined {
  if (parsed.username === "" && parsed.password === "") return undefined;
  return ["must not hold a user or password", "this URL is shown in messages; give keys in their own fields"];
}

/** A URL that may hold a password: a {@link secret} of one of `schemes`. */
export function secretUrl(schemes: readonly string[]): z.ZodString {
  return secret().superRefine((value, context) => addUrlProblem(value, schemes, context));
}

function url(schemes: readonly string[]): z.ZodString {
  const hint = `like ${schemes[0] ?? "https"}://host.example.com`;
  return text("a URL", hint).superRefine((value, context) => addUrlProblem(value, schemes, context));
}

function addUrlProblem(value: string, schemes: readonly string[], context: z.RefinementCtx): void {
  const begin = `begin with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  const scheme = SCHEME.exec(value)?.[1]?.toLowerCase();
  let message: string | undefined;
  if (scheme === undefined) message = say("has no scheme", begin);
  else if (!schemes.includes(scheme)) message = say(`cannot be a ${scheme}:// URL`, begin);
  else if (parsedUrl(value, schemes) === undefined)
    message = say("is not a valid URL", `${begin}, then host:port; ports end at 65535`);
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

/** The URL when it is complete: one of `schemes`, with a host and without spaces. */
export function parsedUrl(value: string, schemes: readonly string[]): URL | undefined {
  const scheme = SCHEME.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined || !schemes.includes(scheme) || /[\s\\]/.test(value) || !URL.canParse(value))
    return undefined;
  const parsed = new URL(value);
  return parsed.host === "" ? undefined : parsed;
}

/** An IANA time zone. */
export function timezone(): z.ZodString {
  const hint = "like UTC or Europe/Berlin";
  return text("a time zone", hint).refine(isTimezone, say("is not a time zone that this system knows", hint));
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A moment: a date, or a date and time with its zone. */
export function instant(): z.ZodString {
  const hint = "like 2027-01-31 or 2027-01-31T18:00:00Z";
  const pattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;
  return form("a date, or a time with its zone", hint, pattern).refine(
    (value) => !pattern.test(value) || isRealInstant(value),
    say("is not a day of the calendar", hint),
  );
}

/** JavaScript reads February 31 as March 3; a person did not mean that. */
function isRealInstant(value: string): boolean {
  const day = value.slice(0, 10);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || Number.isNaN(Date.parse(value))) return false;
  return Number(day.slice(8)) <= daysOfMonth(Number(day.slice(0, 4)), Number(day.slice(5, 7)));
}

function daysOfMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

export const channel = (): z.ZodString =>
  form(
    "a Slack channel",
    'like "#ops" in quotes (# begins a comment in YAML), or the id C0123ABCD',
    /^(#[^\s#,@:A-Z]{1,80}|[CGD][A-Z0-9]{6,20})$/u,
  );

export const mention = (): z.ZodString =>
  form(
    "a Slack mention",
    'like "@oncall", "<!here>", "<@U0123ABCD>" or "<!subteam^S0123ABCD>", several parted by spaces',
    /^(@[\w.-]{1,80}|<[@!][^<>\s]{1,80}>)( (@[\w.-]{1,80}|<[@!][^<>\s]{1,80}>)){0,9}$/u,
  );

export const region = (): z.ZodString => form("an AWS region", "like eu-west-1", /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/);

export const role = (): z.ZodString =>
  form(
    "the ARN of a role",
    "like arn:aws:iam::123456789012:role/watch",
    /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
  );

/** A schedule; `cross-checks.ts` reads it with the clock's own parser. */
export const cron = (hint: string): z.ZodString =>
  text("a cron expression", hint).max(200, say("is longer than 200 characters", hint));

/** A status, a range, or several: `200-299,304`. */
export function statuses(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const error = say(
    "must be a status or range of statuses",
    'like 200, "200-399" or "200-299,304"; 100 to 599, the smaller first',
  );
  const range = z.string(error).refine((value) => parseStatuses(value) !== undefined, error);
  return z.union([z.number(error).int(error).min(100, error).max(599, error), range], error);
}

/** Ranges of `200-299,304`, both ends included; `undefined` when it is none. */
export function parseStatuses(value: string | number): [number, number][] | undefined {
  const ranges: [number, number][] = [];
  const parts = String(value).split(",", 51);
  if (parts.length > 50) return undefined;
  for (const part of parts) {
    const match = /^\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 100 || to > 599 || from > to) return undefined;
    ranges.push([from, to]);
  }
  return ranges;
}
