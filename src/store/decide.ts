import type { DecisionInput, DecisionOutput, SeriesKey } from "../domain/index.ts";
import { run } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import { INCIDENT_COLUMNS, incidentId, incidentOf, writeEvents, writeIncidents, writeNotices } from "./incidents.ts";
import type { IncidentRow } from "./incidents.ts";
import type { Listener } from "./listener.ts";
import { decisionLock } from "./locks.ts";
import type { SeriesIds } from "./series.ts";
import { ACTIVE_SILENCES, silenceOf } from "./silences.ts";
import type { SilenceRow } from "./silences.ts";
import { readStates, writeStates } from "./states.ts";
import type { Clean } from "./text.ts";

/** What a decision needs of the store around it. */
export interface DecisionContext {
  readonly connection: Connection;
  readonly fleet: FleetRow;
  readonly series: SeriesIds;
  readonly listener: Listener;
  readonly clean: Clean;
  /** Epoch ms, for which silences still hold. */
  readonly now: () => number;
}

/** Rolls a transaction back that wrote nothing. */
class Nothing extends Error {
  readonly output: DecisionOutput;
  constructor(output: DecisionOutput) {
    super("nothing to write");
    this.output = output;
  }
}

/**
 * Reads, lets `decide` choose, and writes, all in one transaction under the fleet's lock. The output comes back with
 * states and incidents as they were stored: versions counted up.
 * @throws StoreUnavailable; Error when `decide` throws or used other states than the ones it was given.
 */
export async function runDecision(
  context: DecisionContext,
  keys: readonly SeriesKey[],
  resolvedAfter: number,
  decide: (input: DecisionInput) => DecisionOutput,
): Promise<DecisionOutput> {
  const { connection, series, clean, listener } = context;
  const fleet = await context.fleet.id();
  const ids = await series.of(keys);
  const lock = `SET LOCAL lock_timeout = '4s'; SELECT pg_advisory_xact_lock(${decisionLock(fleet)})`;
  try {
    return await connection.transaction(async (client) => {
      const states = await readStates(client, fleet, keys);
      const found = await run<IncidentRow>(client, INCIDENTS, [fleet, Math.ceil(resolvedAfter)]);
      const around = await run<{ last: number; silences: SilenceRow[] }>(client, AROUND, [
        fleet,
        Math.round(context.now()),
      ]);
      let last = around.rows[0]?.last ?? 0;
      const output = decide({
        states,
        incidents: found.rows.map(incidentOf),
        silences: (around.rows[0]?.silences ?? []).map(silenceOf),
        newIncidentId: () => incidentId(++last),
      });
      if (isEmpty(output)) throw new Nothing(output);
      const extra = output.states.map(({ key }) => key).filter((key) => !ids.has(key));
      const made = extra.length === 0 ? ids : new Map([...ids, ...(await series.make(client, extra))]);
      const written: DecisionOutput = {
        states: await writeStates(client, made, output.states),
        incidents: await writeIncidents(client, fleet, output.incidents, clean),
        events: output.events,
        notices: output.notices,
      };
      await writeEvents(client, fleet, output.events, clean);
      await writeNotices(client, fleet, output.notices, clean);
      await listener.notify(client, fleet, topicsOf(output));
      return written;
    }, lock);
  } catch (error) {
    if (error instanceof Nothing) return error.output;
    throw error;
  }
}

const INCIDENTS = {
  name: "decide-incidents",
  text: `SELECT ${INCIDENT_COLUMNS} FROM corewatch.incident WHERE fleet = $1 AND state <> 'resolved'
UNION ALL SELECT ${INCIDENT_COLUMNS} FROM corewatch.incident WHERE fleet = $1 AND state = 'resolved' AND resolved_at >= $2
ORDER BY number`,
};

const AROUND = {
  name: "decide-around",
  text: `SELECT (SELECT last_incident FROM corewatch.fleet WHERE id = $1) AS last,
  coalesce((SELECT jsonb_agg(s) FROM (${ACTIVE_SILENCES}) s), '[]') AS silences`,
};

function isEmpty(output: DecisionOutput): boolean {
  return [output.states, output.incidents, output.events, output.notices].every(
    (list: readonly unknown[]) => list.length === 0,
  );
}

function topicsOf(output: DecisionOutput): string[] {
  const topics: [string, readonly object[]][] = [
    ["states", output.states],
    ["incidents", [...output.incidents, ...output.events]],
    ["notices", output.notices],
  ];
  return topics.filter(([, list]) => list.length > 0).map(([topic]) => topic);
}
