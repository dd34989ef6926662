import {
  type CertifySettings,
  type CertifyThresholds,
  type Hook,
  type ScaleSettings,
  Secret,
} from "../domain/index.ts";
import { parseDuration } from "./duration.ts";
import { parseShare } from "./leaves.ts";
import type { Config } from "./schema.ts";

type WrittenDeployment = NonNullable<Config["deployments"]>[number];
type WrittenCertify = NonNullable<WrittenDeployment["certify"]>;
type WrittenScale = NonNullable<WrittenDeployment["scale"]>;
type WrittenThresholds = NonNullable<WrittenCertify["thresholds"]>;
type WrittenHook = NonNullable<WrittenCertify["survival"]>["away"];
type WrittenRequest = NonNullable<WrittenHook["request"]>;

const REQUEST_MS = 30_000;
/** The runbook waits five minutes for a new core: a command may do so too. */
const COMMAND_MS = 300_000;

/** `deployments[].certify`, with the thresholds that are not written taken from `defaults`. */
export function certifyOf(written: WrittenCertify, defaults: CertifyThresholds): CertifySettings {
  const { scenario, survival } = written;
  return {
    allowed: written.allowed ?? false,
    targets: written.targets ?? [],
    scenario:
      scenario === undefined
        ? undefined
        : typeof scenario === "string"
          ? { name: scenario, settings: {} }
          : { name: scenario.name, settings: scenario.settings ?? {} },
    coreHeader: written.coreHeader?.toLowerCase(),
    thresholds: thresholdsOf(written.thresholds ?? {}, defaults),
    survival: survival && { away: hookOf(survival.away), back: hookOf(survival.back) },
    passwordRounds: written.passwordRounds,
  };
}

/** `deployments[].scale` */
export function scaleOf({ remove, ...scale }: WrittenScale): ScaleSettings {
  return { request: hookOf(scale), remove: remove && hookOf(remove) };
}

function thresholdsOf(written: WrittenThresholds, defaults: CertifyThresholds): CertifyThresholds {
  const { slow, survival, scaleOut, spread, breaker, windows } = written;
  return {
    rate: written.rate ?? defaults.rate,
    heldMs: ms(written.duration) ?? defaults.heldMs,
    arrivalError: share(written.arrivalError) ?? defaults.arrivalError,
    errors: share(written.errors) ?? defaults.errors,
    p99Ms: ms(written.p99) ?? defaults.p99Ms,
    slowOverMs: ms(slow?.over) ?? defaults.slowOverMs,
    slowShare: share(slow?.share) ?? defaults.slowShare,
    latenessP99Ms: ms(written.lateness) ?? defaults.latenessP99Ms,
    dispersion: written.dispersion ?? defaults.dispersion,
    sessions: written.sessions ?? defaults.sessions,
    users: written.users ?? defaults.users,
    fullToEmpty: written.fullToEmpty ?? defaults.fullToEmpty,
    survivalErrors: share(survival?.errors) ?? defaults.survivalErrors,
    survivalSettleMs: ms(survival?.settle) ?? defaults.survivalSettleMs,
    detectionMs: ms(survival?.detection) ?? defaults.detectionMs,
    toSlackMs: ms(survival?.toSlack) ?? defaults.toSlackMs,
    recoveryMs: ms(survival?.recovery) ?? defaults.recoveryMs,
    shareOfEven: share(scaleOut?.shareOfEven) ?? defaults.shareOfEven,
    firstShareMs: ms(scaleOut?.firstShare) ?? defaults.firstShareMs,
    instances: spread?.instances ?? defaults.instances,
    zones: spread?.zones ?? defaults.zones,
    connectionShare: share(written.connections) ?? defaults.connectionShare,
    breakerErrors: share(breaker?.errors) ?? defaults.breakerErrors,
    breakerMs: ms(breaker?.over) ?? defaults.breakerMs,
    alarmMs: ms(written.alarms) ?? defaults.alarmMs,
    drift: written.drift ?? defaults.drift,
    windows:
      windows?.map((one) => ({
        stage: one.stage,
        fromMs: ms(one.from) ?? 0,
        toMs: ms(one.to),
        errors: share(one.errors),
        p99Ms: ms(one.p99),
      })) ?? defaults.windows,
  };
}

/** One of the three ways: that it is exactly one was checked before. */
function hookOf(written: WrittenHook | WrittenScale): Hook {
  if (written.request !== undefined) return requestOf(written.request);
  if (written.command !== undefined)
    return { kind: "command", argv: written.command, timeoutMs: ms(written.timeout) ?? COMMAND_MS };
  return { kind: "target-group" };
}

function requestOf(written: WrittenRequest): Hook {
  return {
    kind: "request",
    method: written.method ?? "POST",
    url: written.url,
    headers: secrets(written.headers),
    params: secrets(written.params),
    as: written.as ?? "json",
    timeoutMs: ms(written.timeout) ?? REQUEST_MS,
  };
}

function secrets(written: Readonly<Record<string, string>> | undefined): Record<string, Secret> {
  return Object.fromEntries(Object.entries(written ?? {}).map(([name, value]) => [name, new Secret(value)]));
}

function ms(written: string | undefined): number | undefined {
  return written === undefined ? undefined : parseDuration(written);
}

function share(written: number | string | undefined): number | undefined {
  return written === undefined ? undefined : parseShare(written);
}
