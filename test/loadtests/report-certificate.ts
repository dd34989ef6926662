import type { ShotGroup, RunRecord } from "../../loadtests/figures.ts";
import type { Certificate, Criterion, LatencyFigures } from "../../src/domain/index.ts";
import { counts, ENVIRONMENT } from "./report-fixture.ts";

function latency({ response }: Pick<ShotGroup, "response">): LatencyFigures {
  return {
    meanMs: response.meanMs,
    p50Ms: response.at(50),
    p90Ms: response.at(90),
    p99Ms: response.at(99),
    p999Ms: response.at(99.9),
    maxMs: response.maxMs,
  };
}

const iso = (at: number): string => new Date(at).toISOString();

const CRITERIA: readonly Omit<Criterion, "seed">[] = [
  {
    id: "rate",
    title: "1,000 requests a second are held",
    target: "1,000/s ± 0.5% for 10 min",
    measured: "999.4/s for 4 min",
    outcome: "pass",
    stage: "sustained",
    how: "Requests sent from the first due moment to the last, of an open model; each arrival is counted once.",
  },
  {
    id: "latency-p99",
    title: "99% of answers come in time",
    target: "≤ 500 ms",
    measured: "41.2 ms",
    outcome: "pass",
    stage: "sustained",
    how: "Response time from the scheduled moment; failures are in it.",
  },
  {
    id: "survival-errors",
    title: "The service answers while one core is left",
    target: "≤ 2% of arrivals fail",
    measured: "1.41% (3,390 of 240,000)",
    outcome: "pass",
    stage: "survival",
    how: "All arrivals from the moment the cores were taken away until they were back.",
  },
  {
    id: "survival-detection",
    title: "corewatch notices that cores are gone",
    target: "≤ 60 s",
    measured: "6.0 s",
    outcome: "pass",
    stage: "survival",
    how: "From the first core going away to the incident's opening.",
  },
  {
    id: "capacity-p99",
    title: "A full database is as quick as an empty one",
    target: "≤ 1.5 × empty",
    measured: "1.19 ×",
    outcome: "pass",
    stage: "full",
    how: "p99 of the stage full over that of the stage empty, at the same rate.",
  },
  {
    id: "spread",
    title: "At least two instances in two zones",
    target: "2 instances, 2 zones",
    measured: "2 instances, 1 zone",
    outcome: "fail",
    stage: null,
    how: "From the inventory.",
  },
  {
    id: "alarms",
    title: "Alarms fire when they should, and only then",
    target: "UnHealthyHosts fires and goes back within 10 min",
    measured: "could not be read: access denied",
    outcome: "invalid",
    stage: "survival",
    how: "CloudWatch's history of the managed alarms.",
  },
];

/** The certificate that goes with a record; `more` is laid over it. */
export function richCertificate(record: RunRecord, more: Partial<Certificate> = {}): Certificate {
  const [first] = record.stages.flatMap((stage) => stage.figures ?? []);
  return {
    version: 1,
    deployment: record.head.deployment,
    plan: "launch",
    verdict: "fail",
    summary: "Not ready: 1 of 7 criteria failed. The cores stand in one zone; two are asked for.",
    criteria: CRITERIA.map((one) => ({
      ...one,
      seed: one.id === "rate" ? "Should be able to handle 1k requests per second" : "",
    })),
    load: { offered: 720_000, ...counts(716_595, { refused: 3_300, lost: 102, "timed-out": 3 }) },
    stages: record.stages.map((stage) => {
      const { figures } = stage;
      const of = figures?.all;
      return {
        stage: stage.plan.kind,
        startedAt: iso(stage.beganAt),
        finishedAt: stage.endedAt === null ? null : iso(stage.endedAt),
        cut: stage.cut,
        load: of === undefined ? null : { offered: of.offered, ...of.counts },
        response: of === undefined ? null : latency(of),
        service: of === undefined ? null : latency({ response: of.service }),
        lateness: figures === undefined ? null : latency({ response: figures.lateness }),
        sentRate: figures?.sentRate ?? null,
        dispersion: figures?.dispersion ?? null,
        generator: stage.generator,
      };
    }),
    perEndpoint: record.head.endpoints.flatMap((endpoint, i) => {
      const of = first?.endpoints[i];
      return of === undefined ? [] : { endpoint, offered: of.offered, ok: of.counts.ok, response: latency(of) };
    }),
    perCore: record.cores.map((core, i) => {
      const of = first?.cores[i];
      return {
        core,
        instance: `i-0a${i}`,
        zone: "eu-west-1a",
        answers: of?.offered ?? null,
        failures: of === undefined ? null : 0,
        share: of === undefined ? null : 0.25,
        response: of === undefined ? null : latency(of),
        ownRequests: 190_000 - i * 4_000,
      };
    }),
    recommendation: {
      maxServerPoolSize: 64,
      connectionPoolSize: 16,
      coresPerInstance: 2,
      because: [
        "1,000/s × 12 ms = 12 requests at work at once (Little's law); with headroom for one core alone: 64.",
        "4 cores × 16 connections = 64 of max_connections 100: below the limit of 80%.",
      ],
    },
    levels: record.levels,
    capacity: record.capacity,
    fill: record.fill ?? null,
    scenario: {
      name: "session-mix",
      tells: [
        "95% verify, a tenth of it with checkDatabase; 4% refresh; 1% create.",
        "It proves the way through the database at 145 requests a second; hello alone would prove 5 a second per core.",
      ],
      settings: record.head.scenario.settings,
    },
    thresholds: record.head.thresholds,
    caveats: [
      ...record.head.plan.deviations,
      "CloudWatch's alarms could not be read: access denied.",
      "bcrypt's cost is not known: the deployment's setting was not given.",
    ],
    environment: ENVIRONMENT,
    connectionUri: record.head.connectionUri,
    seed: record.head.seed,
    startedAt: iso(record.head.startedAt),
    finishedAt: record.endedAt === null ? null : iso(record.endedAt),
    hash: "9f2c6f1b0d7a4d6a8c1e5b3f7a9d2c4e6f8091a2b3c4d5e6f708192a3b4c5d6e",
    ...more,
  };
}
