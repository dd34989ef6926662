import type { CapacityFacts, Criterion } from "../src/domain/index.ts";
import { errorsWithin } from "./criteria-errors.ts";
import {
  type Asked,
  criterion,
  type Finding,
  isAsked,
  judged,
  met,
  timed,
  unmet,
  untold,
  whyUndone,
} from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { bytes, milliseconds, number } from "./report-words.ts";

const SEED = "Should be able to hold 1 million sessions / users in the db";
/** Below this many rows a database rightly reads a table from end to end. */
const ROWS_FOR_INDEXES = 10_000;
const GROWN = 10;

/** A criterion of what the database holds; none in plans that do not look at it. */
function ofCapacity(
  record: RunRecord,
  asked: Omit<Asked, "stage" | "seed"> & { readonly stage?: "full" },
  find: (facts: CapacityFacts) => Finding,
): Criterion | undefined {
  if (!isAsked(record, "fill")) return undefined;
  const facts = record.capacity.at(-1);
  const why = whyUndone(record, "fill");
  const found =
    why !== undefined
      ? untold(why)
      : facts === undefined
        ? untold("what the database holds was not read")
        : find(facts);
  return criterion({ stage: "fill", seed: SEED, ...asked }, found);
}

function heldIn(record: RunRecord, what: "sessions" | "users"): Criterion | undefined {
  const { thresholds, plan } = record.head;
  const limit = thresholds[what];
  return ofCapacity(
    record,
    {
      id: `${what}-held`,
      title: `The database holds ${number(limit)} ${what}`,
      target: `${number(limit)} ${what}`,
      how: "Counted exactly in the database behind the cores, after filling.",
    },
    (facts) => {
      const words = `${number(facts[what])} ${what}`;
      if (facts[what] >= limit) return met(words);
      return plan.capacity === "count" || plan[what] < limit
        ? untold(`${words}: whether it holds ${number(limit)} was not tried`)
        : unmet(words);
    },
  );
}

/** The database holds as many sessions as it has to. */
export const sessionsHeld = (record: RunRecord): Criterion | undefined => heldIn(record, "sessions");
/** The database holds as many users as it has to. */
export const usersHeld = (record: RunRecord): Criterion | undefined => heldIn(record, "users");

/** A full database is about as quick as an empty one. */
export function sessionsLatency(record: RunRecord): Criterion | undefined {
  if (!isAsked(record, "full")) return undefined;
  const { thresholds, plan } = record.head;
  const { fullToEmpty, p99Ms, errors } = thresholds;
  const isAlone = plan.capacity === "count" && !isAsked(record, "empty");
  const asked: Asked = {
    id: "sessions-latency",
    title: "A full database is about as quick as an empty one",
    target: isAlone
      ? `p99 with the database full at most ${milliseconds(p99Ms)} (there was no empty one to compare with)`
      : `p99 with the database full at most ${fullToEmpty} times that with it empty`,
    stage: "full",
    how: "The same load before and after filling, response times from the due moment; both must answer within the budget of errors.",
    seed: SEED,
  };
  const full = p99Of(record, "full");
  if (isAlone)
    return criterion(
      asked,
      guarded(record, ["full"], errors, full.found, () => judged(full.ms <= p99Ms, full.found.measured)),
    );
  const empty = p99Of(record, "empty");
  const broken = [empty.found, full.found].find((one) => one.outcome !== "pass");
  const ratio = empty.ms === 0 ? Number.POSITIVE_INFINITY : full.ms / empty.ms;
  const words = `${milliseconds(full.ms)} full, ${milliseconds(empty.ms)} empty: ${number(ratio, 2)} times`;
  return criterion(
    asked,
    guarded(record, ["empty", "full"], errors, broken ?? full.found, () => judged(ratio <= fullToEmpty, words)),
  );
}

function p99Of(record: RunRecord, kind: "empty" | "full"): { readonly ms: number; readonly found: Finding } {
  let ms = 0;
  const found = timed(record, kind, ({ all }) => {
    ms = all.response.at(99);
    return met(`p99 ${milliseconds(ms)}`);
  });
  return { ms, found };
}

/** Failures are quick answers too: a stage that is full of them is not judged by its latency. */
function guarded(
  record: RunRecord,
  kinds: readonly ("empty" | "full")[],
  limit: number,
  found: Finding,
  judge: () => Finding,
): Finding {
  for (const kind of kinds) {
    const errors = errorsWithin(record, kind, limit);
    if (errors.outcome === "fail") return unmet(`errors in the ${kind} stage: ${errors.measured}`);
  }
  return found.outcome === "pass" ? judge() : found;
}

/** What the cores ask is answered from indexes. */
export function sessionsIndexes(record: RunRecord): Criterion | undefined {
  return ofCapacity(
    record,
    {
      id: "sessions-indexes",
      title: "Hot statements stay on indexes",
      target: "no table is read from end to end",
      how: "EXPLAIN of the statements that cores run for each request, with the database full.",
    },
    ({ statements, sessions }) => {
      if (statements.length === 0) return untold("no statement was explained");
      const scanning = statements.filter((one) => one.scans.length > 0);
      if (scanning.length === 0) return met(`${statements.length} statements, each on an index`);
      const names = scanning.map((one) => `${one.name} reads ${one.scans.join(" and ")} from end to end`).join("; ");
      return sessions < ROWS_FOR_INDEXES
        ? untold(
            `${names}; with ${number(sessions)} sessions the database may: at least ${number(ROWS_FOR_INDEXES)} are needed`,
          )
        : unmet(names);
    },
  );
}

/** What one session takes, and what ten times as many will. There is no limit to it: it is stated, or can't be told. */
export function bytesPerSession(record: RunRecord): Criterion | undefined {
  return ofCapacity(
    record,
    {
      id: "bytes-per-session",
      title: "The size of a session is known",
      target: `stated, with the size at ${GROWN} times as many`,
      how: "Growth of session_info with its indexes over the sessions that were added; tables of users the same way.",
    },
    (last) => {
      const before = record.capacity.find((facts) => facts.moment === "before" && facts !== last);
      const added = last.sessions - (before?.sessions ?? 0);
      const grown = last.sessionBytes - (before?.sessionBytes ?? 0);
      // A few rows more or less say nothing: the whole table is divided then.
      const each =
        added >= 1_000 && grown > 0 ? grown / added : last.sessions === 0 ? 0 : last.sessionBytes / last.sessions;
      if (each <= 0) return untold(`${number(last.sessions)} sessions of ${bytes(last.sessionBytes)}: too few to tell`);
      const other = Math.max(0, last.databaseBytes - last.sessionBytes - last.userBytes);
      const projected = other + GROWN * (last.sessionBytes + last.userBytes);
      return met(
        `${number(each)} bytes a session; the database is ${bytes(last.databaseBytes)}, and about ${bytes(projected)} at ` +
          `${number(GROWN * last.sessions)} sessions and ${number(GROWN * last.users)} users`,
      );
    },
  );
}
