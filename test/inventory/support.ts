import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CertifyThresholds, CheckSettings } from "../../src/domain/index.ts";
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
  SCALE_PASSWORD: "scaleSecret-87",
  AGENT_TOKEN: "agentSecret-86",
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
  "scaleSecret-87",
  "agentSecret-86",
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

/** Every value is unlike any other, and unlike the product's own. */
export const CERTIFY_DEFAULTS: CertifyThresholds = {
  rate: 901,
  heldMs: 902_000,
  arrivalError: 0.03,
  errors: 0.04,
  p99Ms: 905,
  slowOverMs: 906,
  slowShare: 0.07,
  latenessP99Ms: 908,
  dispersion: 0.9,
  sessions: 910,
  users: 911,
  fullToEmpty: 1.2,
  survivalErrors: 0.13,
  survivalSettleMs: 914,
  detectionMs: 915,
  toSlackMs: 916,
  recoveryMs: 917,
  shareOfEven: 0.18,
  firstShareMs: 919,
  instances: 20,
  zones: 21,
  connectionShare: 0.22,
  breakerErrors: 0.23,
  breakerMs: 924,
  alarmMs: 925,
  drift: 2.6,
  windows: [{ stage: "soak", fromMs: 927, toMs: undefined, errors: 0.28, p99Ms: undefined }],
};

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
    certifyDefaults: CERTIFY_DEFAULTS,
    isCron,
    auditRules: ["dns-record", "target-type"],
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
