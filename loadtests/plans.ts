import {
  type CertifyPlan,
  type CertifyThresholds,
  type PlannedStage,
  type PlanName,
  type StageKind,
} from "../src/domain/index.ts";
import { lengthWords } from "./arrivals.ts";
import { number, perSecond } from "./report-words.ts";

/** What the user asked for, and what there is to do it with. */
export interface PlanWishes {
  /** Requests a second; `undefined`: the thresholds'. */
  readonly rate?: number;
  /** How long the promised rate is held (`--duration`); the other stages become shorter with it, as far as they can. */
  readonly durationMs?: number;
  readonly sessions?: number;
  readonly users?: number;
  /** Poisson rather than even arrivals. */
  readonly poisson?: boolean;
  /** `count` only counts what the database holds. */
  readonly capacity?: "fill" | "count";
  /** The database behind the cores can be opened. */
  readonly hasCapacity: boolean;
  /** fleet.yaml says how a core is taken away and brought back, and there is more than one. */
  readonly hasSurvival: boolean;
  /** fleet.yaml says how a core is added. */
  readonly hasScale: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Lengths as meant, and the least at which a stage can still be judged. ms. */
const LENGTHS: Readonly<Record<"empty" | "full" | "survival" | "scale-out", { meant: number; least: number }>> = {
  empty: { meant: MINUTE, least: 10 * SECOND },
  full: { meant: MINUTE, least: 10 * SECOND },
  // These two go on until what was waited for was seen: their length is the least.
  survival: { meant: 3 * MINUTE, least: 30 * SECOND },
  "scale-out": { meant: 4 * MINUTE, least: 30 * SECOND },
};
const WARM_UP_MS = 15 * SECOND;
const QUICK_MS = 100 * SECOND;
const SOAK_MS = 4 * 60 * MINUTE;
/** A held rate is judged by a 99th percentile, which needs seconds. */
const LEAST_HELD_MS = 5 * SECOND;
/** Numbers of connections of the closed model: doubled each time. */
const LEVELS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const TUNE_LEVELS = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const LEVEL_MS = { meant: 10 * SECOND, least: 2 * SECOND };

/** What the sentence of a plan's deviation begins with when it leaves out a stage. */
export function leftOut(kind: StageKind): string {
  return `Without the ${kind} stage`;
}

/** The plan of that name with the user's wishes filled in; everything that it leaves out or shortens stands in `deviations`. */
export function planOf(name: PlanName, wishes: PlanWishes, thresholds: CertifyThresholds): CertifyPlan {
  const rate = wishes.rate ?? thresholds.rate;
  const meant = name === "quick" ? QUICK_MS : name === "soak" ? SOAK_MS : thresholds.heldMs;
  const held = Math.max(LEAST_HELD_MS, wishes.durationMs ?? meant);
  const build: Build = { rate, held, part: Math.min(1, held / meant), wishes, deviations: [] };
  const lower = rate < thresholds.rate;
  if (lower)
    build.deviations.push(`The rate is ${perSecond(rate)} (--rate), and ${perSecond(thresholds.rate)} are to be held.`);
  const due = name === "quick" ? QUICK_MS : name === "soak" ? meant : thresholds.heldMs;
  if (held < due)
    build.deviations.push(
      `The rate is held for ${lengthWords(held)}, not ${lengthWords(due)} (shortened by --duration).`,
    );
  if (name === "quick" && thresholds.heldMs > held)
    build.deviations.push(
      `Plan quick holds the rate for ${lengthWords(held)}; plan launch holds it for ${lengthWords(thresholds.heldMs)}, ` +
        `and proves capacity, survival and scale-out too.`,
    );
  if (name === "launch") return launch(build, thresholds);
  if ((wishes.sessions ?? wishes.users) !== undefined)
    build.deviations.push(`Plan ${name} fills no database: --sessions is for plan launch.`);
  const stages = [warmUp(build), open(build, name === "soak" ? "soak" : "sustained", held)];
  return { name, stages, sessions: 0, users: 0, capacity: "count", deviations: build.deviations };
}

interface Build {
  readonly rate: number;
  readonly held: number;
  /** Of the length that is meant, 0–1. */
  readonly part: number;
  readonly wishes: PlanWishes;
  readonly deviations: string[];
}

function launch(build: Build, thresholds: CertifyThresholds): CertifyPlan {
  const { wishes, deviations, part } = build;
  const levelMs = Math.max(LEVEL_MS.least, Math.round(LEVEL_MS.meant * part));
  const stages: PlannedStage[] = [warmUp(build)];
  stages.push({ kind: "ceiling", arrivals: undefined, levels: LEVELS, levelMs });
  stages.push({ kind: "tune", arrivals: undefined, levels: TUNE_LEVELS, levelMs });
  if (levelMs < LEVEL_MS.meant)
    deviations.push(
      `Levels of the closed model last ${lengthWords(levelMs)}, not ${lengthWords(LEVEL_MS.meant)} (shortened by --duration).`,
    );
  const sizes = capacityStages(build, thresholds, stages);
  stages.push(open(build, "sustained", build.held));
  if (wishes.hasSurvival) stages.push(shortened(build, "survival"));
  else
    deviations.push(
      `${leftOut("survival")}: there is no way to take a core away and bring it back: have two cores or more, and set certify.survival in fleet.yaml.`,
    );
  if (wishes.hasScale) stages.push(shortened(build, "scale-out"));
  else deviations.push(`${leftOut("scale-out")}: there is no way to add a core: set scale in fleet.yaml.`);
  return { name: "launch", stages, ...sizes, capacity: wishes.capacity ?? "fill", deviations };
}

/** Adds the stages of capacity, and gives the sizes that are wanted. */
function capacityStages(
  build: Build,
  thresholds: CertifyThresholds,
  stages: PlannedStage[],
): { readonly sessions: number; readonly users: number } {
  const { wishes, deviations } = build;
  const sessions = wishes.sessions ?? thresholds.sessions;
  const users = wishes.users ?? wishes.sessions ?? thresholds.users;
  const missing = !wishes.hasCapacity
    ? "the database behind the cores can not be opened: give the deployment a Postgres database in fleet.yaml."
    : sessions + users === 0
      ? "no session and no user is to be held."
      : undefined;
  if (missing !== undefined) {
    for (const kind of ["empty", "fill", "full"] as const) deviations.push(`${leftOut(kind)}: ${missing}`);
    return { sessions: 0, users: 0 };
  }
  if (sessions < thresholds.sessions)
    deviations.push(
      `The database is filled to ${number(sessions)} sessions, and ${number(thresholds.sessions)} are to be held.`,
    );
  if (users < thresholds.users)
    deviations.push(
      `The database is filled to ${number(users)} users, and ${number(thresholds.users)} are to be held.`,
    );
  if (wishes.capacity === "count")
    deviations.push(
      `${leftOut("empty")}: what the database holds is only counted, so that there is no empty one to compare with.`,
    );
  else stages.push(shortened(build, "empty"));
  stages.push({ kind: "fill", arrivals: undefined, levels: [], levelMs: 0 });
  stages.push(shortened(build, "full"));
  return { sessions, users };
}

/** Up from a tenth to the whole rate: connections are opened and caches filled before anything is measured. */
function warmUp({ rate, part }: Build): PlannedStage {
  const durationMs = Math.max(3 * SECOND, Math.round(WARM_UP_MS * part));
  return { kind: "warm-up", arrivals: { kind: "ramp", from: rate / 10, to: rate, durationMs }, levels: [], levelMs: 0 };
}

function open({ rate, wishes }: Build, kind: StageKind, durationMs: number): PlannedStage {
  return {
    kind,
    arrivals: { kind: wishes.poisson === true ? "poisson" : "constant", rate, durationMs },
    levels: [],
    levelMs: 0,
  };
}

/** A stage that becomes shorter with --duration. */
function shortened(build: Build, kind: keyof typeof LENGTHS): PlannedStage {
  const { meant, least } = LENGTHS[kind];
  // A 99th percentile needs a thousand samples: a low rate takes its time.
  const samples = kind === "empty" || kind === "full" ? (1_100 / build.rate) * SECOND : 0;
  const durationMs = Math.round(Math.max(least, meant * build.part, samples));
  if (durationMs < meant)
    build.deviations.push(
      `The ${kind} stage is planned for ${lengthWords(durationMs)}, not ${lengthWords(meant)} (shortened by --duration).`,
    );
  return open(build, kind, durationMs);
}
