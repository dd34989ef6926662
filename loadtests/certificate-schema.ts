import { z } from "zod";
import { type Certificate, PLAN_NAMES, SHOT_OUTCOMES, STAGE_KINDS } from "../src/domain/index.ts";
import { hashOf } from "./hash.ts";

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const text = z.string().max(100_000);
const when = z.iso.datetime();
const stage = z.enum(STAGE_KINDS);
const load = z.looseObject({ offered: count, ...countsShape() });
const latency = z.looseObject({ meanMs: ms, p50Ms: ms, p90Ms: ms, p99Ms: ms, p999Ms: ms, maxMs: ms });
const generator = z.looseObject({
  workers: count,
  cpuSeconds: ms,
  cpuShare: ms,
  eventLoopMaxMs: ms,
  eventLoopP99Ms: ms,
  memoryBytes: ms,
  clockStepMs: z.number(),
  maxInFlight: count,
});

/** What a certificate.json must have to be read. Fields of later versions are let through: the hash covers them too. */
const schema = z.looseObject({
  version: z.literal(1),
  deployment: text,
  plan: z.enum(PLAN_NAMES),
  verdict: z.enum(["pass", "fail", "invalid"]),
  summary: text,
  criteria: z
    .array(
      z.looseObject({
        id: text,
        title: text,
        target: text,
        measured: text,
        outcome: z.enum(["pass", "fail", "invalid"]),
        stage: stage.nullable(),
        how: text,
        seed: text,
      }),
    )
    .max(1_000),
  load,
  stages: z
    .array(
      z.looseObject({
        stage,
        startedAt: when,
        finishedAt: when.nullable(),
        cut: z.enum(["interrupted", "circuit-breaker", "failed"]).nullable(),
        load: load.nullable(),
        response: latency.nullable(),
        service: latency.nullable(),
        lateness: latency.nullable(),
        sentRate: ms.nullable(),
        dispersion: ms.nullable(),
        plannedRate: ms.nullish(),
        generator: generator.nullable(),
        windows: z
          .looseObject({ everyMs: ms, p50Ms: z.array(ms).max(10_000), p99Ms: z.array(ms).max(10_000) })
          .nullish(),
      }),
    )
    .max(100),
  perEndpoint: z.array(z.looseObject({ endpoint: text, offered: count, ok: count, response: latency })).max(1_000),
  perCore: z
    .array(
      z.looseObject({
        core: text,
        instance: text.nullable(),
        zone: text.nullable(),
        answers: count.nullable(),
        failures: count.nullable(),
        share: ms.nullable(),
        response: latency.nullable(),
        ownRequests: count.nullable(),
      }),
    )
    .max(1_000),
  recommendation: z
    .looseObject({
      maxServerPoolSize: count,
      connectionPoolSize: count,
      coresPerInstance: count,
      because: z.array(text).max(100),
    })
    .nullable(),
  levels: z
    .array(
      z.looseObject({ stage: z.enum(["ceiling", "tune"]), connections: count, throughput: ms, p50Ms: ms, p99Ms: ms }),
    )
    .max(1_000),
  capacity: z
    .array(z.looseObject({ moment: z.enum(["before", "filled"]), at: z.number(), sessions: count, users: count }))
    .max(100),
  fill: z.looseObject({ sessions: count, users: count, sessionsMs: ms, usersMs: ms, resumed: count }).nullable(),
  scenario: z.looseObject({ name: text, tells: z.array(text).max(1_000), settings: z.unknown() }),
  thresholds: z.looseObject({ rate: ms, heldMs: ms, errors: ms, p99Ms: ms, arrivalError: ms, sessions: count }),
  caveats: z.array(text).max(1_000),
  environment: z.looseObject({ corewatch: text, node: text, hostname: text, versions: z.record(z.string(), text) }),
  connectionUri: text,
  seed: z.number(),
  startedAt: when,
  finishedAt: when.nullable(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Largest certificate.json that is read: a launch of hours writes well under one megabyte. */
const MAX_CHARACTERS = 20_000_000;

/**
 * Reads a certificate.json and proves that nobody changed it after it was made.
 * @throws Error with a sentence for people: not JSON, not a certificate, or changed
 */
export function verifyCertificate(json: string): Certificate {
  if (json.length > MAX_CHARACTERS) throw new Error("this is no certificate: it is far too large");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error("this is no certificate: it is not JSON", { cause: error });
  }
  if (!isCertificate(value)) throw new Error(`this is no certificate of version 1: ${whyNot(value)}`);
  const hash = hashOf(value);
  if (hash !== value.hash)
    throw new Error(
      `this certificate was changed after it was made: it says ${value.hash.slice(0, 12)}…, and what it holds has the hash ${hash.slice(0, 12)}…`,
    );
  return value;
}

function isCertificate(value: unknown): value is Certificate {
  return schema.safeParse(value).success;
}

function whyNot(value: unknown): string {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  return issue === undefined ? "it does not fit" : `${issue.path.join(".") || "all of it"}: ${issue.message}`;
}

function countsShape(): Record<(typeof SHOT_OUTCOMES)[number], typeof count> {
  return {
    ok: count,
    "non-2xx": count,
    "wrong-body": count,
    "business-failure": count,
    lost: count,
    "timed-out": count,
    refused: count,
    dropped: count,
  };
}
