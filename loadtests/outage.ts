import type { IncidentEventKind, ObservedIncident } from "../src/domain/index.ts";
import { stageOf, whyUndone } from "./evidence.ts";
import type { RunRecord, StageRecord } from "./figures.ts";

/** What was done in the survival stage. Moments are epoch ms. */
export interface Outage {
  readonly stage: StageRecord;
  /** The first core was asked to go. */
  readonly beganAt: number;
  /** The first core was gone. */
  readonly firstAwayAt: number;
  /** All cores but one were gone. */
  readonly allAwayAt: number;
  /** The first core was asked to come back. */
  readonly backBeganAt: number | undefined;
  /** All cores were back, as far as the hook says. */
  readonly allBackAt: number | undefined;
}

/** The outage, or why there was none to judge. */
export function outageOf(record: RunRecord): Outage | { readonly why: string } {
  const stage = stageOf(record, "survival");
  if (stage === undefined) return { why: whyUndone(record, "survival") ?? "the survival stage did not run" };
  const own = record.actions.filter((action) => action.stage === stage.index);
  const away = own.filter((action) => action.what === "away" && action.ok);
  const failed = own.find((action) => action.what === "away" && !action.ok);
  const gone = new Set(away.map((action) => action.core));
  const wanted = record.head.cores.length - 1;
  if (wanted < 1) return { why: "there is one core only: none can be taken away" };
  if (gone.size < wanted) {
    const because = failed === undefined ? (whyUndone(record, "survival") ?? "") : failed.detail;
    return { why: `${gone.size} of ${wanted} cores were taken away${because === "" ? "" : `: ${because}`}` };
  }
  const back = own.filter((action) => action.what === "back");
  const returned = back.filter((action) => action.ok);
  const areAllBack = [...gone].every((core) => returned.some((action) => action.core === core));
  return {
    stage,
    beganAt: Math.min(...away.map((action) => action.at)),
    firstAwayAt: Math.min(...away.map((action) => action.endedAt)),
    allAwayAt: Math.max(...away.map((action) => action.endedAt)),
    backBeganAt: back.length === 0 ? undefined : Math.min(...back.map((action) => action.at)),
    allBackAt: areAllBack ? Math.max(...returned.map((action) => action.endedAt)) : undefined,
  };
}

/** One of corewatch's incidents that tells of the outage. */
export interface Seen {
  readonly incident: ObservedIncident;
  /** When it opened; or, of one that was open already, when it took the outage up. */
  readonly at: number;
  /** What it said then, for people: its cause may have become another one since. */
  readonly words: string;
}

const BEGINS: readonly IncidentEventKind[] = ["opened", "reopened"];
const TAKES_UP: readonly IncidentEventKind[] = ["reopened", "cause-changed", "affected-changed", "severity-raised"];

/** Incidents of the deployment that opened, or rose, while cores were away: the earliest first. */
export function seenOf(record: RunRecord, outage: Outage): readonly Seen[] {
  const { deployment } = record.head;
  const until = outage.allBackAt ?? Number.POSITIVE_INFINITY;
  return (record.observed?.incidents ?? [])
    .filter((one) => one.deployment === deployment || one.affected.some((name) => name.startsWith(`${deployment}/`)))
    .flatMap((incident) => {
      const taken = incident.events.find(({ at, kind }) => at >= outage.beganAt && TAKES_UP.includes(kind));
      const isNew = incident.openedAt >= outage.beganAt;
      const at = isNew ? incident.openedAt : taken?.at;
      const said = isNew ? incident.events.find(({ kind }) => BEGINS.includes(kind)) : taken;
      const words = said?.text.replace(/\.$/, "") ?? incident.cause;
      return at === undefined || at > until ? [] : [{ incident, at, words }];
    })
    .sort((a, b) => a.at - b.at);
}
