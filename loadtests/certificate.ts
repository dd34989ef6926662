import { type Certificate, type LatencyFigures, type OutcomeCounts, type StageKind } from "../src/domain/index.ts";
import { meanRate } from "./arrivals.ts";
import { caveatsOf, summaryOf } from "./certificate-words.ts";
import { criteriaOf } from "./criteria.ts";
import { MEASURED_STAGES } from "./criteria-generator.ts";
import { recommendation } from "./criteria-pools.ts";
import type { Distribution, RunRecord, ShotGroup, StageFigures } from "./figures.ts";
import { hashOf } from "./hash.ts";
import { failures } from "./report-words.ts";
import { verdictOf } from "./verdict.ts";

type Offered = { readonly offered: number } & OutcomeCounts;

/** The certificate of a run: a function of its record, so that the same shots always give the same one, hash included. */
export function certify(record: RunRecord): Certificate {
  const { head } = record;
  const criteria = criteriaOf(record);
  const verdict = verdictOf(criteria, record);
  const certificate: Omit<Certificate, "hash"> = {
    version: 1,
    deployment: head.deployment,
    plan: head.plan.name,
    verdict,
    summary: summaryOf(record, criteria, verdict),
    criteria,
    load: sumOf(measured(record).map((figures) => figures.all)),
    stages: record.stages.map((stage) => ({
      stage: stage.plan.kind,
      startedAt: iso(stage.beganAt),
      finishedAt: stage.endedAt === null ? null : iso(stage.endedAt),
      cut: stage.cut,
      plannedRate: stage.plan.arrivals === undefined ? null : rounded(meanRate(stage.plan.arrivals)),
      ...figuresOf(stage.figures),
      generator: stage.generator,
    })),
    perEndpoint: perEndpoint(record),
    perCore: perCore(record),
    recommendation: record.levels.length === 0 ? null : recommendation(record),
    levels: record.levels,
    capacity: record.capacity,
    fill: record.fill ?? null,
    scenario: { name: head.scenario.name, tells: head.scenarioTells, settings: head.scenario.settings },
    thresholds: head.thresholds,
    caveats: caveatsOf(record),
    environment: head.environment,
    connectionUri: head.connectionUri,
    seed: head.seed,
    startedAt: iso(head.startedAt),
    finishedAt: record.endedAt === null ? null : iso(record.endedAt),
  };
  return { ...certificate, hash: hashOf(certificate) };
}

function measured({ stages }: RunRecord): readonly StageFigures[] {
  const kinds: readonly StageKind[] = MEASURED_STAGES;
  return stages.flatMap(({ plan, figures }) => (figures === undefined || !kinds.includes(plan.kind) ? [] : [figures]));
}

function figuresOf(
  figures: StageFigures | undefined,
): Pick<
  Certificate["stages"][number],
  "load" | "response" | "service" | "lateness" | "sentRate" | "dispersion" | "windows"
> {
  if (figures === undefined)
    return {
      load: null,
      response: null,
      service: null,
      lateness: null,
      sentRate: null,
      dispersion: null,
      windows: null,
    };
  const { all, lateness, sentRate, dispersion, windows } = figures;
  // An empty window has no latency.
  const used = windows.filter(({ offered, counts }) => offered > counts.dropped);
  const [first] = windows;
  return {
    load: sumOf([all]),
    response: latency(all.response),
    service: latency(all.service),
    lateness: latency(lateness),
    sentRate: rounded(sentRate),
    dispersion: rounded(dispersion),
    windows: {
      everyMs: first === undefined ? 0 : first.toMs - first.fromMs,
      p50Ms: used.map(({ p50Ms }) => rounded(p50Ms)),
      p99Ms: used.map(({ p99Ms }) => rounded(p99Ms)),
    },
  };
}

function perEndpoint(record: RunRecord): Certificate["perEndpoint"] {
  const stages = measured(record);
  return record.head.endpoints.map((endpoint, index) => {
    const groups = stages.flatMap(({ endpoints }) => endpoints[index] ?? []);
    const { offered, ok } = sumOf(groups);
    return { endpoint, offered, ok, response: latency(largest(groups)?.response) };
  });
}

function perCore(record: RunRecord): Certificate["perCore"] {
  const stages = measured(record);
  const sites = [
    ...record.head.spread.cores,
    ...record.added.map(({ core: id, instance, zone }) => ({ id, instance, zone })),
  ];
  const rows = record.cores.map((core, index) => {
    const groups = stages.flatMap(({ cores }) => cores[index] ?? []);
    const own = record.coreMinutes.filter((count) => count.core === core);
    return {
      core,
      groups,
      answers: groups.reduce((sum, group) => sum + group.offered, 0),
      own: own.length === 0 ? null : own.reduce((sum, count) => sum + count.requests, 0),
      site: sites.find(({ id }) => id === core),
    };
  });
  const named = rows.reduce((sum, { answers }) => sum + answers, 0);
  const counted = rows.reduce((sum, { own }) => sum + (own ?? 0), 0);
  // Answers that name their core are all of this run's load; a core's own count is the next best.
  const isNamed = record.head.coreHeader !== null && named > 0;
  return rows.map(({ core, groups, answers, own, site }) => ({
    core,
    instance: site?.instance ?? null,
    zone: site?.zone ?? null,
    answers: isNamed ? answers : null,
    failures: isNamed ? groups.reduce((sum, { counts }) => sum + failures(counts), 0) : null,
    share: isNamed ? rounded(answers / named, 6) : own === null || counted === 0 ? null : rounded(own / counted, 6),
    response: isNamed && answers > 0 ? latency(largest(groups)?.response) : null,
    ownRequests: own,
  }));
}

/** Latencies of several stages don't add up to one: those of the stage with the most arrivals stand for all. */
function largest(groups: readonly ShotGroup[]): ShotGroup | undefined {
  return groups.reduce<ShotGroup | undefined>(
    (most, one) => (most === undefined || one.offered > most.offered ? one : most),
    undefined,
  );
}

function sumOf(groups: readonly Pick<ShotGroup, "offered" | "counts">[]): Offered {
  const sum = (of: (group: Pick<ShotGroup, "offered" | "counts">) => number): number =>
    groups.reduce((all, group) => all + of(group), 0);
  return {
    offered: sum((group) => group.offered),
    ok: sum((group) => group.counts.ok),
    "non-2xx": sum((group) => group.counts["non-2xx"]),
    "wrong-body": sum((group) => group.counts["wrong-body"]),
    "business-failure": sum((group) => group.counts["business-failure"]),
    lost: sum((group) => group.counts.lost),
    "timed-out": sum((group) => group.counts["timed-out"]),
    refused: sum((group) => group.counts.refused),
    dropped: sum((group) => group.counts.dropped),
  };
}

function latency(of: Distribution | undefined): LatencyFigures {
  const at = (percent: number): number => rounded(of?.at(percent) ?? 0);
  return {
    meanMs: rounded(of?.meanMs ?? 0),
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: rounded(of?.maxMs ?? 0),
  };
}

/** JSON knows no infinity; and microseconds are what was measured. */
function rounded(value: number, digits = 3): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : 0;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
