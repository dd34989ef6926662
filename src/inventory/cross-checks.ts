import { CAUSES, CHECK_KINDS, type CheckKind, type CheckSettings } from "../domain/index.ts";
import { checkAlarms } from "./cross-checks-alarms.ts";
import { checkCertify } from "./cross-checks-certify.ts";
import { checkDiscovery, checkWaivers } from "./cross-checks-discovery.ts";
import { type Finder, idOf, mapAt, mapsAt, textAt } from "./finder.ts";
import { ID, parsedUrl } from "./leaves.ts";
import type { Path } from "./located.ts";
import { nearest } from "./nearest.ts";
import { isRecord } from "./yaml.ts";

/** What the checks that join several places need beside the configuration. */
export interface CrossCheckInputs {
  readonly checkDefaults: Readonly<Record<CheckKind, CheckSettings>>;
  readonly isCron: (expression: string, timezone?: string) => boolean;
  /** Ids of the checklist's rules; absent: waivers are taken at their word. */
  readonly auditRules?: readonly string[];
}

/**
 * Everything that no single place shows: ids given twice, references to what is not there, keys that exclude each other.
 * Reads what is there and passes over what the shape check already refuses, so it runs on a broken configuration too.
 */
export function crossCheck(config: unknown, find: Finder, inputs: CrossCheckInputs): void {
  const databases = mapAt(config, "databases") ?? {};
  // Databases that are written wrongly as a whole say nothing about which there are.
  const unreadable = isRecord(config) && config["databases"] !== undefined && !isRecord(config["databases"]);
  const known = unreadable ? undefined : Object.keys(databases);
  for (const list of ["deployments", "endpoints", "heartbeats"]) uniqueIds(config, [list], find);
  checkDatabases(databases, find);
  for (const [path, deployment] of mapsAt(config, ["deployments"])) {
    if (known !== undefined) checkDatabaseReference(path, deployment, known, find);
    checkDiscovery(path, deployment, config, find);
    uniqueIds(deployment, ["cores"], find.below(path), " within its deployment");
  }
  for (const [path, endpoint] of mapsAt(config, ["endpoints"])) checkEndpoint(path, endpoint, find);
  checkSchedules(config, find, inputs);
  checkAlarms(config, find);
  checkCertify(config, find);
  checkWaivers(config, find, inputs.auditRules);
  for (const [path, step] of mapsAt(config, ["incidents", "escalate"])) {
    if (step["channel"] === undefined && step["mention"] === undefined) {
      find.error(path, "names neither a channel nor a mention", 'add channel: "#leads" or mention: "@lead"');
    }
  }
  for (const list of ["silences", "maintenance"]) {
    for (const [path, entry] of mapsAt(config, [list])) checkMatch([...path, "match"], entry["match"], find);
  }
}

/** Ids given twice are said at both places. */
function uniqueIds(config: unknown, list: Path, find: Finder, within = ""): void {
  const first = new Map<string, Path>();
  for (const [path, entry] of mapsAt(config, list)) {
    const id = idOf(entry);
    if (id === undefined) continue;
    const here = [...path, "id"];
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, here);
    else {
      const noun = String(list.at(-1)).replace(/s$/, "");
      const hint = `every ${noun} needs its own id${within}`;
      find.error(earlier, `the id "${id}" is given twice: again in ${find.where(here)}`, hint);
      find.error(here, `the id "${id}" is given twice: first in ${find.where(earlier)}`, hint);
    }
  }
}

const DATABASE_SCHEMES: Readonly<Record<string, readonly string[]>> = {
  postgres: ["postgres", "postgresql"],
  mysql: ["mysql"],
};

function checkDatabases(databases: Record<string, unknown>, find: Finder): void {
  for (const [id, database] of Object.entries(databases)) {
    const path = ["databases", id];
    if (!ID.test(id)) {
      const hint = "letters, digits, dot, underscore and hyphen, beginning with a letter or digit, at most 63 in all";
      find.error(path, "the key must be an id", hint, "key");
    }
    if (!isRecord(database)) continue;
    const schemes = DATABASE_SCHEMES[textAt(database, "kind") ?? ""];
    const url = textAt(database, "url");
    if (schemes === undefined || url === undefined || find.isUnresolved([...path, "url"])) continue;
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
    const ofOther =
      scheme !== undefined && ["postgres", "postgresql", "mysql"].includes(scheme) && !schemes.includes(scheme);
    if (ofOther) {
      find.error(
        [...path, "url"],
        `is a ${scheme}:// URL, and the kind is ${textAt(database, "kind")}`,
        "make kind and url agree",
      );
    }
  }
}

function checkDatabaseReference(
  path: Path,
  deployment: Record<string, unknown>,
  known: readonly string[],
  find: Finder,
): void {
  const wanted = textAt(deployment, "database");
  if (wanted === undefined || !ID.test(wanted) || known.includes(wanted)) return;
  const near = nearest(wanted, known);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length === 0
        ? "add it below databases:"
        : `known: ${known.slice(0, 20).join(", ")}`;
  find.error([...path, "database"], `there is no database "${wanted}"`, hint);
}

const HTTP_ONLY = ["status", "method", "contains", "headers"];

function checkEndpoint(path: Path, endpoint: Record<string, unknown>, find: Finder): void {
  const url = textAt(endpoint, "url") ?? "";
  const parsed = parsedUrl(url, ["https", "http", "tcp", "dns"]);
  if (parsed === undefined) return;
  const scheme = parsed.protocol.slice(0, -1);
  const http = scheme === "http" || scheme === "https";
  if (scheme === "tcp" && parsed.port === "")
    find.error([...path, "url"], "has no port", "like tcp://host.example.com:5432");
  const plain = parsed.pathname === "" || parsed.pathname === "/";
  if (!http && !(plain && parsed.search === "" && parsed.hash === "")) {
    find.error(
      [...path, "url"],
      `a ${scheme}:// URL has no path`,
      scheme === "tcp" ? "like tcp://host:port" : "like dns://name",
    );
  }
  if (scheme === "dns" && parsed.port !== "")
    find.error([...path, "url"], "a dns:// URL has no port", "like dns://name");
  const wrong = [
    ...(http ? [] : HTTP_ONLY),
    ...(scheme === "dns" ? [] : ["expect"]),
    ...(scheme === "https" ? [] : ["tls"]),
  ];
  for (const key of wrong) {
    if (endpoint[key] === undefined) continue;
    find.error([...path, key], `${key} has no meaning for a ${scheme}:// URL`, `remove ${key}`, "key");
  }
}

function checkSchedules(config: unknown, find: Finder, inputs: CrossCheckInputs): void {
  const checks = mapAt(config, "checks") ?? {};
  for (const [kind, settings] of Object.entries(checks)) {
    const known = CHECK_KINDS.find((one) => one === kind);
    if (!isRecord(settings) || known === undefined) continue;
    const defaults = inputs.checkDefaults[known];
    const path = ["checks", kind];
    checkCron([...path, "schedule"], settings, 6, find, inputs);
    const failures = numberOr(settings["failures"], defaults.failures);
    const window = numberOr(settings["window"], defaults.window);
    if (failures <= window) continue;
    const at = settings["failures"] === undefined ? "window" : "failures";
    find.error(
      [...path, at],
      `${failures} failures never fit into a window of ${window}`,
      "make window at least as large as failures",
    );
  }
  for (const [path, entry] of mapsAt(config, ["maintenance"])) checkCron([...path, "schedule"], entry, 5, find, inputs);
  const alarms = mapAt(config, "alarms") ?? {};
  for (const key of ["schedule", "drillSchedule"]) checkCron(["alarms", key], alarms, 6, find, inputs);
  checkCron(["inventory", "schedule"], mapAt(config, "inventory") ?? {}, 6, find, inputs);
}

/** `least`: 6 where slots need seconds; five-field cron is right where a person writes the time of a night. */
function checkCron(
  path: Path,
  holder: Record<string, unknown>,
  least: 5 | 6,
  find: Finder,
  inputs: CrossCheckInputs,
): void {
  const schedule = textAt(holder, String(path.at(-1)));
  if (schedule === undefined || schedule === "" || schedule.length > 200 || find.isUnresolved(path)) return;
  const fields = schedule.trim().split(/\s+/).length;
  if (fields < least || fields > 6) {
    const [wanted, hint] =
      least === 6
        ? ["six fields, seconds first", 'like "*/10 * * * * *" for every ten seconds']
        : ["five fields, or six with seconds first", 'like "0 2 * * 0" for Sundays at two'];
    find.error(path, `a schedule has ${wanted}, not ${fields}`, hint);
  } else if (!inputs.isCron(schedule)) {
    const hint = "seconds and minutes 0-59, hours 0-23, days 1-31, months 1-12, weekdays 0-7";
    find.error(path, "is not a cron expression", least === 6 ? hint : `${hint}; seconds are optional here`);
  }
}

function checkMatch(path: Path, match: unknown, find: Finder): void {
  if (!isRecord(match)) return;
  if (Object.keys(match).length === 0) {
    find.error(path, "matches everything", 'name a deployment, check, target or cause; deployment: "*" for all');
  }
  const cause = textAt(match, "cause");
  if (cause === undefined || find.isUnresolved([...path, "cause"])) return;
  const known = cause.endsWith("*")
    ? CAUSES.some((one) => one.startsWith(cause.slice(0, -1)))
    : CAUSES.some((one) => one === cause);
  if (known) return;
  const near = nearest(cause, CAUSES);
  find.error(
    [...path, "cause"],
    "there is no such cause",
    near === undefined ? `known: ${CAUSES.join(", ")}` : `did you mean "${near}"?`,
  );
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
