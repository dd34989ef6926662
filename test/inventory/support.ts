import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CheckSettings } from "../../src/domain/index.ts";
import { type LoadOptions, type LoadResult, loadFleet } from "../../src/inventory/index.ts";
import { forEachKind } from "../../src/inventory/kinds.ts";

/** Absolute path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** The configuration with everything in it. */
export const GOOD = readFileSync(fixture("good.yaml"), "utf8");

/** What good.yaml names. Every value is unlike anything that a message could hold. */
export const ENV: Readonly<Record<string, string>> = {
  COREWATCH_STORE_URL: "postgres://store:stOreSecret-91@store.example.com/corewatch",
  SLACK_BOT_TOKEN: "xoxb-slackBotSecret-92",
  SLACK_APP_TOKEN: "xapp-slackAppSecret-93",
  OPS_WEBHOOK: "https://hooks.example.com/services/hookSecret-94",
  OPS_WEBHOOK_SECRET: "signingSecret-95",
  MAIN_DATABASE_URL: "postgres://main:mainSecret%2D96@db.example.com/acme",
  READER_PASSWORD: "readerSecret-97",
  TIDB_URL: "mysql://tidb:tidbSecret-98@tidb.example.com/beta",
  ACME_KEY: "acmeKeySecret-99",
  API_TOKEN: "apiTokenSecret-90",
  WORKER_TOKEN: "workerSecret-89",
};

/** Parts of secrets: none may be seen anywhere. `keys/acme` holds the last. */
export const SECRETS = [
  "stOreSecret-91",
  "slackBotSecret-92",
  "slackAppSecret-93",
  "hookSecret-94",
  "signingSecret-95",
  "mainSecret%2D96",
  "mainSecret-96",
  "readerSecret-97",
  "tidbSecret-98",
  "acmeKeySecret-99",
  "apiTokenSecret-90",
  "workerSecret-89",
  "fileKeySecret-88",
];

const SETTINGS: CheckSettings = {
  enabled: true,
  schedule: "*/30 * * * * *",
  timezone: undefined,
  timeoutMs: 10_000,
  failures: 2,
  successes: 2,
  window: 5,
  connection: "fresh",
  certificateDays: 21,
  slowMs: undefined,
};

export const CHECK_DEFAULTS = forEachKind(() => SETTINGS);

/** Field by field, as far as the tests need it: the clock's own parser is an adapter with its own tests. */
export function isCron(expression: string): boolean {
  return expression
    .trim()
    .split(/\s+/)
    .every((field) => /^(\*|\d{1,2})([-,/]\d{1,2})*$/.test(field) && !/\b[6-9]\d\b/.test(field));
}

/** Loads `text` as `fleet.yaml` of the fixtures' folder; without it, what `readFile` gives. */
export function load(text: string | undefined, options: Partial<LoadOptions> = {}): LoadResult {
  return loadFleet({
    path: "fleet.yaml",
    directory: "test/inventory/fixtures",
    ...(text !== undefined && { text }),
    readFile: (path) => readFileSync(path),
    env: ENV,
    checkDefaults: CHECK_DEFAULTS,
    isCron,
    now: Date.parse("2026-11-21T08:00:00Z"),
    ...options,
  });
}

/** A result that must be good. @throws Error with the errors otherwise. */
export function accepted(result: LoadResult): LoadResult & { ok: true } {
  if (!result.ok) throw new Error(`not accepted: ${JSON.stringify(result.errors, null, 1)}`);
  return result;
}

/** A result that must be refused. */
export function refused(result: LoadResult): LoadResult & { ok: false } {
  if (result.ok) throw new Error("accepted, though it must be refused");
  return result;
}
