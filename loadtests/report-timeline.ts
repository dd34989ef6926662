import { CAUSE_TEXTS, listSome } from "../src/domain/index.ts";
import type { RunRecord, StageRecord } from "./figures.ts";
import type { Lane, Tone } from "./plot.ts";
import { clockTime, milliseconds } from "./report-words.ts";

/** Something that happened to the deployment, or that corewatch told, during a stage. */
export interface Happening {
  /** Epoch ms. */
  readonly at: number;
  /** Of its mark in the plot; empty when it has none. */
  readonly letter: string;
  readonly text: string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Calls of one kind within this time are one happening, ms. */
const TOGETHER_MS = 5_000;
/** Rows of states below a plot. */
const MOST_LANES = 14;
/** States in one of these rows: what flaps more often cannot be told apart anyhow. */
const MOST_SPANS = 200;
const PAST = { away: "taken away", back: "brought back", scale: "asked for", remove: "removed" } as const;

/** What happened from the begin of a stage to its end, in order; what people did and what corewatch told has a mark. */
export function happenings(record: RunRecord, stage: StageRecord): Happening[] {
  const end = endOf(record, stage);
  const all = [...actions(record, stage), ...incidents(record), ...quiet(record)]
    .filter(({ at }) => at >= stage.beganAt && at <= end)
    .sort((a, b) => a.at - b.at);
  let next = 0;
  return all.map(({ at, text, isMarked }) => ({ at, text, letter: isMarked ? (LETTERS[next++] ?? "") : "" }));
}

interface Found {
  readonly at: number;
  readonly text: string;
  readonly isMarked: boolean;
}

function actions(record: RunRecord, stage: StageRecord): Found[] {
  const groups: { what: keyof typeof PAST; at: number; last: number; cores: string[]; failed: string[] }[] = [];
  for (const action of record.actions.filter((one) => one.stage === stage.index)) {
    const name = action.core ?? "a core";
    let group = groups.find((one) => one.what === action.what && action.at - one.last <= TOGETHER_MS);
    if (group === undefined) {
      group = { what: action.what, at: action.at, last: action.at, cores: [], failed: [] };
      groups.push(group);
    }
    group.last = action.at;
    if (action.ok) group.cores.push(name);
    else group.failed.push(`${name} (${action.detail})`);
  }
  return groups.flatMap(({ what, at, cores, failed }) => {
    const found: Found[] = [];
    if (cores.length > 0) found.push({ at, isMarked: true, text: `${listSome(cores, 6)} ${PAST[what]}` });
    if (failed.length > 0)
      found.push({ at, isMarked: true, text: `could not be ${PAST[what]}: ${listSome(failed, 6)}` });
    return found;
  });
}

function incidents(record: RunRecord): Found[] {
  return (record.observed?.incidents ?? []).flatMap((incident) => {
    const title = CAUSE_TEXTS[incident.cause].title;
    const found: Found[] = [
      { at: incident.openedAt, isMarked: true, text: `incident ${incident.id} opened: ${title}` },
    ];
    if (incident.toldAt !== null) {
      const after = milliseconds(Math.max(0, incident.toldAt - incident.openedAt));
      found.push({
        at: incident.toldAt,
        isMarked: true,
        text: `incident ${incident.id} in Slack, ${after} after it opened`,
      });
    }
    if (incident.resolvedAt !== null) {
      const lasted = clockTime(incident.resolvedAt - incident.openedAt);
      found.push({ at: incident.resolvedAt, isMarked: true, text: `incident ${incident.id} resolved after ${lasted}` });
    }
    return found;
  });
}

function quiet(record: RunRecord): Found[] {
  const alarms = (record.observed?.alarmChanges ?? []).map(({ at, name, state }) => ({
    at,
    isMarked: false,
    text: `alarm ${name} is ${state}`,
  }));
  const targets: { at: number; state: string; cores: string[] }[] = [];
  for (const { at, core, state } of record.targetHealth) {
    const same = targets.find((one) => one.state === state && Math.abs(at - one.at) <= TOGETHER_MS);
    if (same === undefined) targets.push({ at, state, cores: [core] });
    else if (!same.cores.includes(core)) same.cores.push(core);
  }
  const told = targets.map(({ at, state, cores }) => ({
    at,
    isMarked: false,
    text: `load balancer: ${listSome(cores, 6)} ${state}`,
  }));
  const added = record.added.map(({ at, core, zone }) => ({
    at,
    isMarked: true,
    text: `core ${core} is in the inventory${zone === null ? "" : `, zone ${zone}`}`,
  }));
  return [...alarms, ...told, ...added];
}

/** States over the time of a stage: cores as the load balancer sees them, incidents, alarms. None where nothing changed. */
export function lanesOf(record: RunRecord, stage: StageRecord): Lane[] {
  const end = endOf(record, stage);
  const cores = changes(record.targetHealth, ({ core }) => core).map(([core, list]) =>
    lane(
      core,
      list.map(({ at, state }) => ({ at, text: state, tone: targetTone(state) })),
      stage,
      end,
    ),
  );
  const alarms = changes(record.observed?.alarmChanges ?? [], ({ name }) => name).map(([name, list]) =>
    lane(
      name,
      list.map(({ at, state }) => ({ at, text: state, tone: alarmTone(state) })),
      stage,
      end,
    ),
  );
  const found = (record.observed?.incidents ?? []).filter(
    ({ openedAt, resolvedAt }) => openedAt <= end && (resolvedAt ?? end) >= stage.beganAt,
  );
  const told = found.map(({ id, cause, openedAt, resolvedAt }) => ({
    label: `incident ${id}`,
    spans: [
      {
        from: Math.max(openedAt, stage.beganAt) - stage.beganAt,
        to: Math.min(resolvedAt ?? end, end) - stage.beganAt,
        tone: "bad" as const,
        text: CAUSE_TEXTS[cause].title,
      },
    ],
  }));
  return [...cores, ...told, ...alarms].filter(({ spans }) => spans.length > 0).slice(0, MOST_LANES);
}

interface Change {
  readonly at: number;
  readonly text: string;
  readonly tone: Tone;
}

function lane(label: string, list: readonly Change[], stage: StageRecord, end: number): Lane {
  const ordered = [...list].sort((a, b) => a.at - b.at);
  if (!ordered.some(({ at }) => at >= stage.beganAt && at <= end)) return { label, spans: [] };
  const spans = ordered.flatMap(({ at, text, tone }, i) => {
    const from = Math.max(at, stage.beganAt);
    const to = Math.min(ordered[i + 1]?.at ?? end, end);
    return from < to ? [{ from: from - stage.beganAt, to: to - stage.beganAt, text, tone }] : [];
  });
  return { label, spans: spans.slice(0, MOST_SPANS) };
}

function changes<T>(all: readonly T[], nameOf: (one: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const known = found.get(nameOf(one));
    if (known === undefined) found.set(nameOf(one), [one]);
    else known.push(one);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
}

function targetTone(state: string): Tone {
  if (state === "healthy") return "good";
  return state === "unhealthy" || state === "unavailable" ? "bad" : "warn";
}

function alarmTone(state: string): Tone {
  if (state === "OK") return "good";
  return state === "ALARM" ? "bad" : "quiet";
}

function endOf(record: RunRecord, stage: StageRecord): number {
  return stage.endedAt ?? record.endedAt ?? Number.MAX_SAFE_INTEGER;
}
