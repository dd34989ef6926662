import type { Incident, IncidentEvent, IncidentEventKind, NoticeDraft } from "../domain/index.ts";
import { scopeKey } from "../domain/index.ts";
import { run } from "./connection.ts";
import { MAX } from "./text.ts";
import type { Clean } from "./text.ts";

type Runner = Parameters<typeof run>[0];

/** A row of the incident table: the body is the incident itself, the columns are what is searched by. */
export interface IncidentRow {
  number: number;
  version: number;
  body: Incident;
}

/** Columns of {@link IncidentRow}. */
export const INCIDENT_COLUMNS = "number, version, body";

/** An incident as the domain knows it. */
export function incidentOf(row: IncidentRow): Incident {
  return { ...row.body, version: row.version };
}

/** `INC-12` → 12; 0 for what is no id of ours. */
export function incidentNumber(id: string): number {
  return Number(/^INC-(\d{1,9})$/.exec(id)?.[1] ?? "0");
}

/** The id of incident `number`. */
export function incidentId(number: number): string {
  return `INC-${number}`;
}

/** Writes incidents, resolved ones first: a scope may close and open again in one decision. */
export async function writeIncidents(
  client: Runner,
  fleet: number,
  incidents: readonly Incident[],
  clean: Clean,
): Promise<Incident[]> {
  if (incidents.length === 0) return [];
  const odd = incidents.find((incident) => incidentNumber(incident.id) === 0);
  if (odd !== undefined) throw new Error(`"${odd.id}" is no id of an incident`);
  const cleaned = incidents.map((incident) => ({
    ...incident,
    evidence: incident.evidence.slice(0, 12).map((line) => clean(line, MAX.text)),
    acknowledgedBy: incident.acknowledgedBy === null ? null : clean(incident.acknowledgedBy, MAX.id),
  }));
  const rows = cleaned
    .toSorted((a, b) => Number(a.state !== "resolved") - Number(b.state !== "resolved"))
    .map((incident) => ({
      number: incidentNumber(incident.id),
      state: incident.state,
      scope: scopeKey(incident.scope),
      resolved_at: incident.resolvedAt,
      body: incident,
    }));
  const written = await run<{ number: number; version: number }>(client, WRITE_INCIDENTS, [
    fleet,
    JSON.stringify(rows),
  ]);
  const highest = Math.max(...rows.map((row) => row.number));
  await run(client, "UPDATE corewatch.fleet SET last_incident = $2 WHERE id = $1 AND last_incident < $2", [
    fleet,
    highest,
  ]);
  const versions = new Map(written.rows.map((row) => [row.number, row.version]));
  return cleaned.map((one) => ({ ...one, version: versions.get(incidentNumber(one.id)) ?? one.version + 1 }));
}

const WRITE_INCIDENTS = {
  name: "write-incidents",
  text: `INSERT INTO corewatch.incident AS t (fleet, number, state, scope, resolved_at, version, body)
SELECT $1, n.number, n.state, n.scope, n.resolved_at, 1, n.body
FROM jsonb_to_recordset($2::jsonb) AS n(number int, state text, scope text, resolved_at int8, body jsonb)
ON CONFLICT (fleet, number) DO UPDATE SET (state, scope, resolved_at, version, body) =
  (excluded.state, excluded.scope, excluded.resolved_at, t.version + 1, excluded.body)
RETURNING number, version`,
};

/** Adds lines to timelines, in order. */
export async function writeEvents(
  client: Runner,
  fleet: number,
  events: readonly IncidentEvent[],
  clean: Clean,
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({
    incident: incidentNumber(event.incident),
    at: event.at,
    kind: event.kind,
    text: clean(event.text, MAX.text),
  }));
  await run(
    client,
    `INSERT INTO corewatch.incident_event (fleet, incident, at, kind, text)
     SELECT $1, n.incident, n.at, n.kind, n.text
     FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (incident int, at int8, kind text, text text)) WITH ORDINALITY
       AS n(incident, at, kind, text, place) ORDER BY n.place`,
    [fleet, JSON.stringify(rows)],
  );
}

/** Puts notices into the outbox, in order. */
export async function writeNotices(
  client: Runner,
  fleet: number,
  notices: readonly NoticeDraft[],
  clean: Clean,
): Promise<void> {
  if (notices.length === 0) return;
  const rows = notices.map((notice) => ({
    incident: incidentNumber(notice.incident),
    channel: notice.channel,
    kind: notice.kind,
    because: notice.because,
    text: clean(notice.text, MAX.text),
    broadcast: notice.broadcast,
    mention: notice.mention,
    at: notice.at,
  }));
  await run(
    client,
    `INSERT INTO corewatch.notice (fleet, incident, channel, kind, because, text, broadcast, mention, at)
     SELECT $1, n.incident, n.channel, n.kind, n.because, n.text, n.broadcast, n.mention, n.at
     FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS
       (incident int, channel text, kind text, because text, text text, broadcast boolean, mention text, at int8))
       WITH ORDINALITY AS n(incident, channel, kind, because, text, broadcast, mention, at, place) ORDER BY n.place`,
    [fleet, JSON.stringify(rows)],
  );
}

/** The newest 500 lines of a timeline, oldest first. */
export async function readEvents(client: Runner, fleet: number, number: number): Promise<IncidentEvent[]> {
  const { rows } = await run<{ at: number; kind: IncidentEventKind; text: string }>(client, READ_EVENTS, [
    fleet,
    number,
  ]);
  return rows.map((row) => ({ incident: incidentId(number), ...row }));
}

const READ_EVENTS = {
  name: "read-events",
  text: `SELECT at, kind, text FROM (
  SELECT id, at, kind, text FROM corewatch.incident_event WHERE fleet = $1 AND incident = $2 ORDER BY id DESC LIMIT 500
) newest ORDER BY id`,
};
