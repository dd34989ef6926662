import { type Certificate, CAUSE_TEXTS, type Criterion, type Cut, listSome } from "../src/domain/index.ts";
import { durationOf, lengthWords } from "./arrivals.ts";
import { unwatched } from "./criteria-observers.ts";
import { heldKind, stageOf } from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { failures, milliseconds, percent, perSecond } from "./report-words.ts";

/** Criteria that the summary spells out. */
const NAMED = 3;
/** Notes, incidents and troubles that stand in a certificate; the record has all. */
const MOST_CAVEATS = 50;

/** The certificate in one sentence (a second one where less was asked than is meant), for people. */
export function summaryOf(record: RunRecord, criteria: readonly Criterion[], verdict: Certificate["verdict"]): string {
  const { deployment, plan } = record.head;
  const found = verdict === "pass" ? [] : criteria.filter((one) => one.outcome === verdict);
  const words = found.map((one) => `${one.id} (${one.measured}; asked: ${one.target})`);
  const less = plan.deviations.length === 0 ? "" : ` Only as far as it was asked: ${plan.deviations.join(" ")}`;
  const count = `${found.length} of ${criteria.length} criteria`;
  if (verdict === "pass")
    return `${deployment} passes plan ${plan.name}: ${heldWords(record)}all ${criteria.length} criteria are met.${less}`;
  if (verdict === "fail")
    return `${deployment} fails plan ${plan.name}: ${count} ${are(found.length)} not met: ${listSome(words, NAMED)}.${less}`;
  const ended = endWords(record);
  const since = ended === undefined ? "" : `, since ${ended}`;
  return `Nothing is certified of ${deployment}${since}: ${untoldWords(criteria.length, count, words)}${less}`;
}

function untoldWords(all: number, count: string, words: readonly string[]): string {
  if (words.length > 0) return `${count} could not be told: ${listSome(words, NAMED)}.`;
  return all === 0 ? "there is no criterion." : "every criterion that was judged is met, and the run is not whole.";
}

function are(count: number): string {
  return count === 1 ? "is" : "are";
}

function heldWords(record: RunRecord): string {
  const kind = heldKind(record);
  const stage = kind === undefined ? undefined : stageOf(record, kind);
  if (stage?.figures === undefined || stage.plan.arrivals === undefined) return "";
  const { all, sentRate } = stage.figures;
  const held = `${perSecond(sentRate)} held for ${lengthWords(durationOf(stage.plan.arrivals))}`;
  return `${held} with p99 ${milliseconds(all.response.at(99))} and ${percent(failures(all.counts) / all.offered)} errors; `;
}

const CUTS: Readonly<Record<Cut, string>> = {
  interrupted: "the run was interrupted",
  "circuit-breaker": "the circuit breaker stopped the load",
  failed: "the run could not be gone on with",
};

function endWords({ endedAt, cut }: RunRecord): string | undefined {
  if (cut !== null) return CUTS[cut];
  return endedAt === null ? "the run was killed" : undefined;
}

/** What the certificate does not say: shortened by flags, cut short, not proved by its load, or not seen. Sentences. */
export function caveatsOf(record: RunRecord): readonly string[] {
  const { head, observed } = record;
  const ended = endWords(record);
  const survival = stageOf(record, "survival");
  const unexplained = (observed?.incidents ?? []).filter(
    ({ openedAt }) =>
      survival === undefined || openedAt < survival.beganAt || openedAt > (survival.endedAt ?? openedAt),
  );
  const caveats = [
    ...head.plan.deviations,
    ...(head.scenario.name === "hello"
      ? [
          "The load was hello: it says nothing of the database beyond 5 requests a second per core, and nothing of sessions or sign-ins.",
        ]
      : []),
    ...(head.plan.stages.some(({ kind }) => kind === "soak")
      ? [
          "A core does not tell its memory: drift is judged by latency, and the memory that is stated is the generator's.",
        ]
      : []),
    ...(ended === undefined ? [] : [`${capital(ended)}.`]),
    ...record.stages.flatMap(({ plan, cut, detail }) =>
      cut === null ? [] : [`The ${plan.kind} stage did not end as planned: ${detail === "" ? cut : detail}.`],
    ),
    ...(head.plan.stages.some(({ kind }) => kind === "warm-up")
      ? ["What was measured in the warm-up is thrown away."]
      : []),
    ...unwatched(record),
    ...unexplained.map(
      ({ id, cause, openedAt }) =>
        `corewatch opened incident ${id} (${CAUSE_TEXTS[cause].title}) at ${new Date(openedAt).toISOString()}, outside the survival stage.`,
    ),
    ...(observed?.troubles ?? []),
    ...record.notes.map(({ text }) => text),
  ];
  const all = [...new Set(caveats)];
  if (all.length <= MOST_CAVEATS) return all;
  return [...all.slice(0, MOST_CAVEATS), `There are ${all.length - MOST_CAVEATS} more notes in the shots file.`];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
