import { randomInt } from "node:crypto";
import { parseDuration } from "../inventory/index.ts";
import type { CommonOptions } from "./context.ts";
import { EXIT, Problem } from "./exit.ts";

/** Options of `corewatch certify`. */
export interface CertifyOptions extends CommonOptions {
  readonly plan: string;
  readonly scenario?: string;
  readonly rate?: string;
  readonly duration?: string;
  readonly sessions?: string;
  readonly users?: string;
  readonly countOnly?: boolean;
  readonly poisson?: boolean;
  readonly seed?: string;
  readonly out?: string;
  readonly yesIOwnThis?: boolean;
  readonly clean?: boolean;
  readonly agents?: string;
}

/** Bounds of what may be asked for: beyond them this machine, not the target, is measured. */
const MAX_RATE = 50_000;
const MAX_SESSIONS = 100_000_000;
const MAX_HOURS_MS = 11 * 3_600_000;
const MAX_SEED = 2 ** 31 - 1;

/** What the flags ask for, checked. @throws Problem 64 */
export function wishesOf(options: CertifyOptions) {
  const rate = numberOf("--rate", options.rate, 1, MAX_RATE);
  const durationMs = options.duration === undefined ? undefined : parseDuration(options.duration);
  if (options.duration !== undefined && (durationMs === undefined || durationMs < 1_000 || durationMs > MAX_HOURS_MS))
    throw new Problem(EXIT.usage, `--duration ${options.duration}: write 60s, 10m, 4h; at most 11h`);
  const sessions = numberOf("--sessions", options.sessions, 0, MAX_SESSIONS);
  const users = numberOf("--users", options.users, 0, MAX_SESSIONS);
  return {
    ...(rate === undefined ? {} : { rate }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(users === undefined ? {} : { users }),
    ...(options.countOnly === true ? { capacity: "count" as const } : {}),
    poisson: options.poisson === true,
    seed: numberOf("--seed", options.seed, 0, MAX_SEED) ?? randomInt(MAX_SEED),
  };
}

function numberOf(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Problem(EXIT.usage, `${option} ${text}: a whole number from ${least} to ${most}`);
}
