import type { Incident, IncidentEvent, NoticeRecord } from "../domain/index.ts";
import { CAUSE_TEXTS, formatDuration } from "../domain/index.ts";
import { acknowledge } from "../incidents/index.ts";
import type { CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { incidentJson, iso } from "./json.ts";
import { severityMark, table } from "./text.ts";
import { whoIs } from "./who.ts";
import { withStore } from "./with-store.ts";

/** How many incidents `list` shows, unless more are open. */
const LIST_LIMIT = 50;
/** Time for sending what an acknowledgement says. */
const DRAIN_MS = 10_000;

/** The open incidents first, then the latest resolved ones. */
export async function listIncidents(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }) => {
    const [open, latest] = await Promise.all([store.open(), store.list(LIST_LIMIT)]);
    const resolved = latest.filter((one) => one.state === "resolved");
    const incidents = [
      ...open.toSorted((a, b) => b.openedAt - a.openedAt),
      ...resolved.slice(0, Math.max(0, LIST_LIMIT - open.length)),
    ];
    if (options.format === "json") {
      const documents: unknown[] = [];
      for (const one of incidents) documents.push(incidentJson(one, (await store.get(one.id))?.notices ?? []));
      doors.out(`${JSON.stringify(documents, null, 2)}\n`);
    } else if (incidents.length === 0) doors.out("no incidents\n");
    else {
      const now = doors.clock.now();
      const rows = incidents.map((one) => [
        one.id,
        one.state,
        severityMark(one.severity, doors.colors && options.color),
        one.scope.id,
        CAUSE_TEXTS[one.cause].title,
        formatDuration((one.resolvedAt ?? now) - one.openedAt),
        iso(one.openedAt),
      ]);
      doors.out(`${table(rows)}\n`);
    }
    return EXIT.good;
  });
}

/** One incident with its timeline and what was told to whom. */
export async function showIncident(id: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }) => {
    const found = await store.get(id);
    if (found === undefined)
      throw new Problem(EXIT.usage, `there is no incident ${id}: "corewatch incidents" lists them`);
    const { incident, events, notices } = found;
    if (options.format === "json") {
      const timeline = events.map((one) => ({ at: iso(one.at), kind: one.kind, text: one.text }));
      doors.out(`${JSON.stringify({ ...incidentJson(incident, notices), timeline }, null, 2)}\n`);
    } else doors.out(story(incident, events, notices, doors.clock.now()));
    return EXIT.good;
  });
}

function story(
  incident: Incident,
  events: readonly IncidentEvent[],
  notices: readonly NoticeRecord[],
  now: number,
): string {
  const texts = CAUSE_TEXTS[incident.cause];
  const lasted = formatDuration((incident.resolvedAt ?? now) - incident.openedAt);
  return [
    `${incident.id} ${incident.state}: ${texts.title} (${incident.scope.kind} ${incident.scope.id}, ${incident.severity}), ${lasted}`,
    texts.meaning,
    `users can sign in: ${incident.signIn}`,
    `look at: ${texts.lookAt}`,
    ...(incident.acknowledgedBy === null ? [] : [`acknowledged by ${incident.acknowledgedBy}`]),
    ...(incident.silencedBy === null ? [] : [`silenced by ${incident.silencedBy}`]),
    ...(incident.mergedInto === null ? [] : [`merged into ${incident.mergedInto}`]),
    "",
    "why:",
    ...incident.evidence.map((one) => `  - ${one}`),
    "affected:",
    ...incident.affected.map((one) => `  ${one.target.id} ${one.health} (${one.reason})`),
    "timeline:",
    ...events.map((one) => `  ${iso(one.at)}  ${one.text}`),
    "told:",
    ...notices.map(
      (one) =>
        `  ${iso(one.sentAt ?? one.at)}  ${one.kind} in ${one.channel || "the fallback route"} (${one.because}): ${one.state}${one.error === null ? "" : `, ${one.error}`}`,
    ),
    "",
  ].join("\n");
}

/** Somebody is on it: reminders and escalation stop. */
export async function acknowledgeIncident(
  id: string,
  options: CommonOptions & { readonly by?: string },
  doors: Doors,
): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }, { fleet, log }) => {
    const by = whoIs(options, doors);
    const now = doors.clock.now();
    let problem: string | undefined;
    await store.decide([], now, (input) => {
      const incident = input.incidents.find((one) => one.id === id);
      const nothing = { states: [], incidents: [], events: [], notices: [] };
      if (incident === undefined || incident.state === "resolved") {
        problem = `there is no open incident ${id}: "corewatch incidents" lists them`;
        return nothing;
      }
      if (incident.state === "acknowledged") return nothing;
      return acknowledge({ fleet, incident, by, now });
    });
    if (problem !== undefined) throw new Problem(EXIT.usage, problem);
    await doors.drain(fleet, store, log, DRAIN_MS);
    const found = await store.get(id);
    if (options.format === "json" && found !== undefined) {
      doors.out(`${JSON.stringify(incidentJson(found.incident, found.notices), null, 2)}\n`);
    } else doors.out(`${id} acknowledged by ${found?.incident.acknowledgedBy ?? by}\n`);
    return EXIT.good;
  });
}
