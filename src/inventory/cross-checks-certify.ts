import { type Finder, mapAt, mapsAt, textAt } from "./finder.ts";
import { parseDuration } from "./duration.ts";
import type { Path } from "./located.ts";
import { nearest } from "./nearest.ts";
import { PLACEHOLDERS } from "./schema-certify.ts";
import { isRecord } from "./yaml.ts";

/** What no single place of `certify` and `scale` shows. */
export function checkCertify(config: unknown, find: Finder): void {
  for (const [path, deployment] of mapsAt(config, ["deployments"])) {
    const certify = mapAt(deployment, "certify");
    checkSurvival([...path, "certify", "survival"], certify, deployment, find);
    checkWindows([...path, "certify", "thresholds", "windows"], mapAt(certify, "thresholds"), find);
    const scale = mapAt(deployment, "scale");
    if (scale === undefined) continue;
    checkHook([...path, "scale"], scale, ["request", "command"], deployment, find);
    checkHook([...path, "scale", "remove"], scale["remove"], WAYS, deployment, find);
  }
}

const WAYS = ["request", "command", "targetGroup"];

function checkSurvival(
  path: Path,
  certify: Record<string, unknown> | undefined,
  deployment: Record<string, unknown>,
  find: Finder,
): void {
  const survival = mapAt(certify, "survival");
  if (survival === undefined) return;
  for (const key of ["away", "back"]) checkHook([...path, key], survival[key], WAYS, deployment, find);
}

/** A hook does exactly one thing. */
function checkHook(
  path: Path,
  hook: unknown,
  ways: readonly string[],
  deployment: Record<string, unknown>,
  find: Finder,
): void {
  if (!isRecord(hook)) return;
  const given = ways.filter((way) => hook[way] !== undefined);
  const [first = "", second] = given;
  const choice = `write one of ${ways.join(", ")}`;
  if (given.length === 0) find.error(path, "says nothing that could be done", choice);
  if (second !== undefined) find.error([...path, second], `${first} is given already`, choice, "key");
  if (hook["timeout"] !== undefined && hook["command"] === undefined && given.length > 0) {
    const hint = first === "request" ? "write it below request" : "remove timeout";
    find.error([...path, "timeout"], "timeout has no meaning without command", hint, "key");
  }
  if (given.includes("targetGroup") && deployment["loadBalancer"] === undefined)
    find.error([...path, "targetGroup"], "the deployment names no load balancer", "add loadBalancer:", "key");
  checkPlaceholders(path, hook, find);
}

/** Looks through the texts of a hook, as deep as they are. */
function checkPlaceholders(path: Path, value: unknown, find: Finder): void {
  if (typeof value === "string") {
    if (find.isUnresolved(path)) return;
    for (const [, name = ""] of value.matchAll(/\{\{\s*(\w{0,40})\s*\}\}/g)) {
      if (PLACEHOLDERS.some((known) => known === name)) continue;
      const near = nearest(name, PLACEHOLDERS);
      const hint = near === undefined ? `known: ${PLACEHOLDERS.join(", ")}` : `did you mean "{{${near}}}"?`;
      find.error(path, "holds a placeholder that is not known", hint);
    }
    return;
  }
  const below = Array.isArray(value) ? value.entries() : isRecord(value) ? Object.entries(value) : [];
  for (const [key, one] of below) if (key !== "remove") checkPlaceholders([...path, key], one, find);
}

function checkWindows(path: Path, thresholds: Record<string, unknown> | undefined, find: Finder): void {
  for (const [at, window] of mapsAt(thresholds, ["windows"])) {
    const here = [...path, ...at.slice(1)];
    const from = parseDuration(textAt(window, "from") ?? "0s") ?? 0;
    const to = parseDuration(textAt(window, "to") ?? "");
    if (to !== undefined && to <= from)
      find.error([...here, "to"], "the window ends before it begins", "make it later than from");
    if (window["errors"] === undefined && window["p99"] === undefined)
      find.error(here, "limits nothing", "add errors: or p99:");
  }
}
