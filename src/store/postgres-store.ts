import type {
  DecisionInput,
  DecisionOutput,
  Exclusive,
  Housekeeping,
  Incident,
  IncidentEvent,
  MissedSlot,
  NoticeRecord,
  Observation,
  Outbox,
  SeriesKey,
  SeriesState,
  SeriesSummary,
  Silence,
  Store,
} from "../domain/index.ts";
import { Appender } from "./append.ts";
import { Beats } from "./beats.ts";
import { Connection } from "./connection.ts";
import { runDecision } from "./decide.ts";
import { FleetRow } from "./fleet-row.ts";
import { PostgresHousekeeping } from "./housekeeping.ts";
import { INCIDENT_COLUMNS, incidentNumber, incidentOf, readEvents } from "./incidents.ts";
import type { IncidentRow } from "./incidents.ts";
import type { StoreOptions } from "./index.ts";
import { lastSeen, latestObservations } from "./latest.ts";
import { Listener } from "./listener.ts";
import type { Beat } from "./listener.ts";
import { migrate } from "./migrate.ts";
import { NOTICE_COLUMNS, noticeRecordOf } from "./notices.ts";
import type { NoticeRow } from "./notices.ts";
import { PostgresOutbox } from "./outbox.ts";
import { Partitions } from "./partitions.ts";
import { SeriesIds } from "./series.ts";
import { Silences } from "./silences.ts";
import { ALL_STATES, stateOf } from "./states.ts";
import { summarize } from "./summary.ts";
import { cleanDeep, cleaner } from "./text.ts";
import type { Clean } from "./text.ts";
import { takeTurn } from "./turn.ts";

const CHANGES = ["states", "incidents", "silences"] as const;

/** The store over Postgres: puts the parts together; each method is one of them. */
export class PostgresStore implements Store {
  readonly connection: Connection;
  readonly fleet: FleetRow;
  readonly outbox: Outbox;
  readonly housekeeping: Housekeeping;
  readonly #options: StoreOptions;
  readonly #clean: Clean;
  readonly #series: SeriesIds;
  readonly #listener: Listener;
  readonly #appender: Appender;
  readonly #silences: Silences;
  readonly #beats: Beats;
  readonly #outbox: PostgresOutbox;
  #closed: Promise<void> | undefined;

  constructor(options: StoreOptions) {
    const { clock, log } = options;
    this.#options = options;
    const connection = new Connection(options);
    const fleet = new FleetRow(connection, options.fleet, options.retention);
    const clean = cleaner(options.redact);
    const partitions = new Partitions(connection);
    const listener = new Listener(connection, fleet, clock, log);
    this.connection = connection;
    this.fleet = fleet;
    this.#clean = clean;
    this.#listener = listener;
    this.#series = new SeriesIds(connection, fleet);
    this.#appender = new Appender(connection, fleet, this.#series, partitions, clean);
    this.#silences = new Silences(connection, fleet, listener, clean);
    this.#beats = new Beats(connection, fleet, listener, clean, log);
    this.#outbox = new PostgresOutbox(connection, fleet, listener, clock, clean);
    this.outbox = this.#outbox;
    this.housekeeping = new PostgresHousekeeping(connection, fleet, partitions, log);
  }

  append(observations: readonly Observation[], missed: readonly MissedSlot[]): Promise<void> {
    return this.#appender.append(observations, missed);
  }

  async states(): Promise<SeriesState[]> {
    const { rows } = await this.connection.query<Parameters<typeof stateOf>[0]>(ALL_STATES, [await this.fleet.id()]);
    return rows.map(stateOf);
  }

  decide(
    keys: readonly SeriesKey[],
    resolvedAfter: number,
    decide: (input: DecisionInput) => DecisionOutput,
  ): Promise<DecisionOutput> {
    const { connection, fleet } = this;
    const now = (): number => this.#options.clock.now();
    const context = { connection, fleet, series: this.#series, listener: this.#listener, clean: this.#clean, now };
    return runDecision(context, keys, resolvedAfter, decide);
  }

  open(): Promise<Incident[]> {
    return this.#incidents("state <> 'resolved' ORDER BY number", []);
  }

  list(limit: number): Promise<Incident[]> {
    return this.#incidents("true ORDER BY number DESC LIMIT $2", [Math.max(0, Math.min(10_000, Math.floor(limit)))]);
  }

  async #incidents(where: string, values: readonly unknown[]): Promise<Incident[]> {
    const sql = `SELECT ${INCIDENT_COLUMNS} FROM corewatch.incident WHERE fleet = $1 AND ${where}`;
    const { rows } = await this.connection.query<IncidentRow>(sql, [await this.fleet.id(), ...values]);
    return rows.map(incidentOf);
  }

  async get(id: string): Promise<{ incident: Incident; events: IncidentEvent[]; notices: NoticeRecord[] } | undefined> {
    const fleet = await this.fleet.id();
    const number = incidentNumber(id);
    return this.connection.transaction(async (client) => {
      const sql = `SELECT ${INCIDENT_COLUMNS} FROM corewatch.incident WHERE fleet = $1 AND number = $2`;
      const row = (await client.query<IncidentRow>(sql, [fleet, number])).rows[0];
      if (row === undefined) return undefined;
      const notices = await client.query<NoticeRow>(
        `SELECT ${NOTICE_COLUMNS} FROM corewatch.notice WHERE fleet = $1 AND incident = $2 ORDER BY id DESC LIMIT 500`,
        [fleet, number],
      );
      const events = await readEvents(client, fleet, number);
      return { incident: incidentOf(row), events, notices: notices.rows.toReversed().map(noticeRecordOf) };
    });
  }

  silences(now: number): Promise<Silence[]> {
    return this.#silences.active(now);
  }

  addSilence(silence: Silence): Promise<void> {
    return this.#silences.add(silence);
  }

  endSilence(id: string, now: number): Promise<boolean> {
    return this.#silences.end(id, now);
  }

  onChange(listener: (what: "states" | "incidents" | "silences") => void): { stop(): void } {
    return this.#listener.add((heard) => {
      if (heard === "gap") for (const what of CHANGES) listener(what);
      else if (!heard.own) for (const what of CHANGES) if (heard.topics.includes(what)) listener(what);
    });
  }

  beat(id: string, at: number, ok: boolean, message: string): Promise<void> {
    return this.#beats.beat(id, at, ok, message);
  }

  beats(): Promise<Beat[]> {
    return this.#beats.beats();
  }

  onBeat(listener: (beat: Beat) => void): { stop(): void } {
    return this.#beats.onBeat(listener);
  }

  async getFact(key: string): Promise<unknown> {
    const sql = "SELECT value FROM corewatch.fact WHERE fleet = $1 AND key = $2";
    const { rows } = await this.connection.query<{ value: unknown }>(sql, [await this.fleet.id(), key]);
    return rows[0]?.value;
  }

  async putFact(key: string, value: unknown): Promise<void> {
    await this.connection.query(
      `INSERT INTO corewatch.fact (fleet, key, value) VALUES ($1, $2, $3)
       ON CONFLICT (fleet, key) DO UPDATE SET value = excluded.value`,
      [await this.fleet.id(), key, JSON.stringify(cleanDeep(value, this.#clean) ?? null)],
    );
  }

  async exclusive<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<Exclusive<T>> {
    return takeTurn(this.connection, await this.fleet.id(), name, work);
  }

  summary(series: readonly SeriesKey[], from: number, to: number): Promise<SeriesSummary[]> {
    return summarize(this.connection, this.fleet, series, from, to);
  }

  async latest(limit: number): Promise<Observation[]> {
    return latestObservations(this.connection, await this.fleet.id(), limit);
  }

  async lastSeen(since: number): Promise<ReadonlyMap<SeriesKey, number>> {
    return lastSeen(this.connection, await this.fleet.id(), since);
  }

  async ping(): Promise<void> {
    await this.connection.query("SELECT 1");
  }

  migrate(): Promise<{ from: number; to: number }> {
    return migrate(this.connection);
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#outbox.close();
      await this.#listener.close();
      await this.connection.close();
    })();
    return this.#closed;
  }
}
