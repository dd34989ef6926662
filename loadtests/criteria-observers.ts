import { type AlarmChange, type Criterion, formatDuration, listSome, type ObserverFacts } from "../src/domain/index.ts";
import { type Asked, criterion, type Finding, judged, met, stageOf, unmet, untold, whyUndone } from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { number, percent } from "./report-words.ts";

/** This share of all probes may be missed, and of the run be unwatched. */
const MISSED = 0.01;
/** So many may always be missed: one late look of a short run's few is chance. */
const MISSED_ANYHOW = 2;
const APPLY = "make them with corewatch alarms apply";

/**
 * Plan launch proves that somebody watches. The others certify load; what they could not see of alarms and probes is no
 * criterion then, but a caveat of the certificate.
 */
function isLaunch({ head }: RunRecord): boolean {
  return head.plan.name === "launch";
}

/** What was not watched in a plan that does not demand it, sentences. */
export function unwatched(record: RunRecord): readonly string[] {
  const { observed } = record;
  if (isLaunch(record)) return [];
  if (observed === undefined || !observed.watching)
    return ["corewatch was not watching during the run: probes and alarms were not certified."];
  return hasAlarms(observed) ? [] : [`No alarm was watched: ${noAlarms(observed)}.`];
}

/** Probes went on under load. */
export function probes(record: RunRecord): Criterion | undefined {
  const { observed, head } = record;
  if (!isLaunch(record) && observed?.watching !== true) return undefined;
  return criterion(
    {
      id: "probes",
      title: "Probes ran through the whole run",
      target: `every series was probed, at most ${percent(MISSED)} of all probes missed (or ${MISSED_ANYHOW})`,
      stage: null,
      how: "corewatch's own probes of the deployment from the begin of the run to its end; a slot that was not run is missed.",
      seed: "Health check should happen for each core that is being used + the db + load balancer",
    },
    watched(observed, ({ probes, unwatchedMs = 0 }) => {
      if (probes.length === 0) return untold("no probe of the deployment was seen");
      const silent = probes.filter(({ done }) => done === 0);
      if (silent.length > 0)
        return unmet(
          `never probed: ${listSome(
            silent.map(({ series }) => series),
            5,
          )}`,
        );
      const bare = head.cores.filter(
        (core) => !probes.some(({ series }) => series.split(":").includes(`${head.deployment}/${core}`)),
      );
      // A run that was cut short may have been over before any was due.
      if (bare.length > 0)
        return record.cut === null
          ? unmet(`no probe of ${listSome(bare, 5)}`)
          : untold(`no probe of ${listSome(bare, 5)} was due before the run was cut short`);
      const sum = (of: "done" | "missed" | "unknown"): number => probes.reduce((all, probe) => all + probe[of], 0);
      const [done, missed] = [sum("done"), sum("missed")];
      const words = `${number(done)} probes of ${probes.length} series, ${number(missed)} missed, ${number(sum("unknown"))} could not tell`;
      const length = (record.endedAt ?? head.startedAt) - head.startedAt;
      // That corewatch itself did not look is what plan launch asks about; of load alone it proves nothing.
      const unseen = isLaunch(record) ? unmet : untold;
      if (unwatchedMs > MISSED * length)
        return unseen(`${words}; nothing at all was probed for ${formatDuration(unwatchedMs)}`);
      const missing = probes.filter((probe) => probe.missed > 0).sort((a, b) => b.missed - a.missed);
      return missed <= Math.max(MISSED_ANYHOW, MISSED * (done + missed))
        ? met(words)
        : unseen(
            `${words}: ${listSome(
              missing.map(({ series }) => series),
              5,
            )}`,
          );
    }),
  );
}

/** From the survival stage's begin until alarms had their time to go back. Epoch ms. */
function expected(record: RunRecord): { readonly from: number; readonly to: number } | undefined {
  const stage = stageOf(record, "survival");
  if (stage === undefined) return undefined;
  return {
    from: stage.beganAt,
    to: (stage.endedAt ?? record.endedAt ?? stage.beganAt) + record.head.thresholds.alarmMs,
  };
}

/** No alarm without a cause. */
export function alarmsQuiet(record: RunRecord): Criterion | undefined {
  const { observed } = record;
  if (!isLaunch(record) && (observed === undefined || !observed.watching || !hasAlarms(observed))) return undefined;
  const { alarmMs } = record.head.thresholds;
  return alarmCriterion(
    record,
    {
      id: "alarms-quiet",
      title: "No alarm without a cause",
      target: `no alarm outside the survival stage and ${formatDuration(alarmMs)} after it`,
      stage: null,
      how: "Every change of the deployment's CloudWatch alarms during the run.",
      seed: "All CloudWatch Alarms are added",
    },
    ({ alarms, alarmChanges }) => {
      const window = expected(record);
      const isExpected = ({ at }: AlarmChange): boolean => window !== undefined && at >= window.from && at <= window.to;
      const fired = alarmChanges.filter((change) => change.state === "ALARM" && !isExpected(change));
      return fired.length === 0
        ? met(`none of ${alarms?.length ?? 0} alarms`)
        : unmet(`${fired.length}: ${listSome([...new Set(fired.map(({ name }) => name))], 5)}`);
    },
  );
}

/** The alarms that should fire did, and went back. */
export function alarmsFired(record: RunRecord): Criterion | undefined {
  if (!isLaunch(record)) return undefined;
  const { alarmMs } = record.head.thresholds;
  return alarmCriterion(
    record,
    {
      id: "alarms-fired",
      title: "Alarms fire when cores go, and go back",
      target: `at least one alarm, and back within ${formatDuration(alarmMs)} of the stage's end`,
      stage: "survival",
      how: "Changes of the deployment's CloudWatch alarms from the begin of the survival stage on.",
      seed: "Add load balancer error monitoring and send notif to slack",
    },
    ({ alarmChanges }) => {
      const window = expected(record);
      const why = whyUndone(record, "survival");
      if (window === undefined || why !== undefined) return untold(why ?? "the survival stage did not run");
      const within = alarmChanges.filter(({ at }) => at >= window.from && at <= window.to);
      const fired = within.filter(({ state }) => state === "ALARM");
      const names = [...new Set(fired.map(({ name }) => name))];
      const stuck = names.filter((name) => within.findLast((change) => change.name === name)?.state === "ALARM");
      const watchedFrom = (from: number, what: string): Finding =>
        record.endedAt !== null && record.endedAt - from >= alarmMs
          ? unmet(what)
          : untold(`${what}, but the run ended before ${formatDuration(alarmMs)} were over`);
      if (names.length === 0) return watchedFrom(window.from, "no alarm fired");
      if (stuck.length > 0) return watchedFrom(window.to - alarmMs, `${listSome(stuck, 5)} did not go back`);
      return judged(true, `${listSome(names, 5)} fired and went back`);
    },
  );
}

function alarmCriterion(record: RunRecord, asked: Asked, find: (facts: ObserverFacts) => Finding): Criterion {
  const { observed } = record;
  return criterion(
    asked,
    watched(observed, (facts) => (hasAlarms(facts) ? find(facts) : untold(noAlarms(facts)))),
  );
}

function watched(observed: ObserverFacts | undefined, find: (facts: ObserverFacts) => Finding): Finding {
  if (observed?.watching === true) return find(observed);
  return untold("corewatch was not watching: run a daemon (corewatch start) or let certify run its own");
}

function hasAlarms({ alarms }: ObserverFacts): boolean {
  return alarms !== null && alarms.length > 0;
}

function noAlarms({ alarms, troubles }: ObserverFacts): string {
  if (alarms !== null) return `the deployment has no alarms: ${APPLY}`;
  return `its alarms could not be read${troubles.length === 0 ? "" : ` (${troubles[0]})`}: give corewatch the right to, and ${APPLY}`;
}
