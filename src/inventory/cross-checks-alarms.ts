import { type Finder, idOf, mapAt, mapsAt, textAt } from "./finder.ts";
import type { Path } from "./located.ts";
import { nearest } from "./nearest.ts";
import { RESOURCE_FAMILIES } from "./schema-alarms.ts";
import { isRecord } from "./yaml.ts";

/** What each protocol of a subscription takes, with an example. */
const ENDPOINTS: Readonly<Record<string, readonly [RegExp, string, string]>> = {
  https: [
    /^https:\/\/[^\s/@]+(\/\S*)?$/,
    "an https:// URL without user and password",
    "like https://hooks.example.com/sns",
  ],
  sqs: [
    /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,90}$/,
    "the ARN of a queue",
    "like arn:aws:sqs:eu-west-1:123456789012:alarms",
  ],
  email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address", "like ops@example.com"],
};

/** What no single place of the alarms' settings shows. */
export function checkAlarms(config: unknown, find: Finder): void {
  for (const [path, deployment] of mapsAt(config, ["deployments"])) {
    checkOverrides([...path, "alarms", "overrides"], mapAt(deployment, "alarms"), find);
  }
  for (const [path, one] of mapsAt(config, ["alarms", "subscriptions"])) checkSubscription(path, one, find);
  const known = mapsAt(config, ["deployments"]).flatMap(([, entry]) => idOf(entry) ?? []);
  const seen = new Map<string, Path>();
  for (const [path, one] of mapsAt(config, ["alarms", "resources"])) {
    checkOverrides([...path, "overrides"], one, find);
    checkFamilies(path, one, find);
    checkDeployments(path, one, known, find);
    const key = JSON.stringify(["kind", "name", "region", "roleArn"].map((key) => textAt(one, key)));
    const earlier = seen.get(key);
    if (earlier !== undefined)
      find.error(path, `is listed twice: first in ${find.where(earlier)}`, "remove one of the two entries");
    seen.set(key, earlier ?? path);
  }
}

function checkOverrides(path: Path, holder: Record<string, unknown> | undefined, find: Finder): void {
  for (const [family, override] of Object.entries(mapAt(holder, "overrides") ?? {})) {
    if (!isRecord(override)) continue;
    const { evaluationPeriods: n, datapointsToAlarm: m } = override;
    if (typeof m === "number" && typeof n === "number" && m > n)
      find.error(
        [...path, family, "datapointsToAlarm"],
        `${m} of ${n} data points can never breach`,
        "make it at most evaluationPeriods",
      );
  }
}

function checkSubscription(path: Path, one: Record<string, unknown>, find: Finder): void {
  const known = ENDPOINTS[textAt(one, "protocol") ?? ""];
  const endpoint = textAt(one, "endpoint");
  const at = [...path, "endpoint"];
  if (known === undefined || endpoint === undefined || find.isUnresolved(at)) return;
  const [pattern, what, hint] = known;
  if (!pattern.test(endpoint)) find.error(at, `must be ${what}`, hint);
}

function checkFamilies(path: Path, one: Record<string, unknown>, find: Finder): void {
  const kind = textAt(one, "kind");
  if (kind !== "rds" && kind !== "lambda") return;
  const known: readonly string[] = RESOURCE_FAMILIES[kind];
  const other: readonly string[] = RESOURCE_FAMILIES[kind === "rds" ? "lambda" : "rds"];
  for (const family of Object.keys(mapAt(one, "overrides") ?? {})) {
    if (other.includes(family))
      find.error([...path, "overrides", family], `is no alarm of kind ${kind}`, `known: ${known.join(", ")}`, "key");
  }
}

function checkDeployments(path: Path, one: Record<string, unknown>, known: readonly string[], find: Finder): void {
  const named: unknown = one["deployments"];
  if (!Array.isArray(named)) return;
  for (const [index, id] of named.entries()) {
    const at = [...path, "deployments", index];
    if (typeof id !== "string" || known.includes(id) || find.isUnresolved(at)) continue;
    const near = nearest(id, known);
    find.error(
      at,
      `there is no deployment "${id}"`,
      near === undefined ? "name one of deployments:" : `did you mean "${near}"?`,
    );
  }
}
