import type { Incident, IncidentEvent, Match, NoticeRecord } from "../domain/index.ts";
import { CAUSE_TEXTS, CHECK_KINDS, formatDuration } from "../domain/index.ts";
import { acknowledge } from "../incidents/index.ts";
import type { CommonOptions } from "./context.ts";
import { load, wantFormat } from "./context.ts";
import type { Doors, OpenedStore } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { incidentJson, iso } from "./json.ts";
import { severityMark, table } from "./text.ts";

/** How many incidents `list` shows. */
const LIST_LIMIT = 50;
/** Time for sending what an acknowledgement says. */
const DRAIN_MS = 10_000;

async function withStore<T>(
  options: CommonOptions,
  doors: Doors,
  use: (opened: OpenedStore, loaded: Awaited<ReturnType<typeof load>>) => Promise<T>,
): Promise<T> {
  const loaded = await load(options, doors);
  const opened = await doors.openStore(loaded.fleet, loaded.path, loaded.log);
  try {
    return await use(opened, loaded);
  } finally {
    await opened.stop();
  }
}

/** The open incidents first, then the latest resolved ones. */
export async function listIncidents(
  options: CommonOptions & { readonly all?: boolean },
  doors: Doors,
): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withStore(options, doors, async ({ store }) => {
    const incidents = (await store.list(LIST_LIMIT)).filter((one) => options.all !== false || one.state !== "resolved");
    if (format === "json") {
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
  const format = wantFormat(options.format, ["text", "json"]);
  return withStore(options, doors, async ({ store }) => {
    const found = await store.get(id);
    if (found === undefined)
      throw new Problem(EXIT.usage, `there is no incident ${id}: "corewatch incidents" lists them`);
    const { incident, events, notices } = found;
    if (format === "json") {
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
  const format = wantFormat(options.format, ["text", "json"]);
  return withStore(options, doors, async ({ store }, { fleet, log }) => {
    const by = options.by ?? doors.env["SUDO_USER"] ?? doors.env["USER"] ?? "someone at the command line";
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
    if (format === "json" && found !== undefined) {
      doors.out(`${JSON.stringify(incidentJson(found.incident, found.notices), null, 2)}\n`);
    } else doors.out(`${id} acknowledged by ${found?.incident.acknowledgedBy ?? by}\n`);
    return EXIT.good;
  });
}

/** Options of `incidents silence`. */
export interface SilenceOptions extends CommonOptions {
  readonly deployment?: string;
  readonly check?: string;
  readonly target?: string;
  readonly cause?: string;
  readonly for: string;
  readonly reason: string;
  readonly by?: string;
}

/** The longest silence: what lasts longer belongs into fleet.yaml, where it is reviewed. */
const LONGEST_SILENCE_MS = 30 * 86_400_000;

/** Suppresses alerting (never monitoring, never a resolution) for a time. */
export async function silence(options: SilenceOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const match = matchOf(options);
  const { parseDuration } = await import("../inventory/index.ts");
  const length = parseDuration(options.for);
  if (length === undefined || length <= 0 || length > LONGEST_SILENCE_MS) {
    throw new Problem(
      EXIT.usage,
      `--for ${options.for}: a silence lasts up to 30d; write a duration such as 30m, 2h or 1d`,
    );
  }
  return withStore(options, doors, async ({ store }) => {
    const now = doors.clock.now();
    const made = {
      id: `silence-${now.toString(36)}`,
      match,
      from: now,
      until: now + length,
      reason: options.reason,
      by: options.by ?? doors.env["SUDO_USER"] ?? doors.env["USER"] ?? "someone at the command line",
    };
    await store.addSilence(made);
    if (format === "json")
      doors.out(`${JSON.stringify({ ...made, from: iso(made.from), until: iso(made.until) }, null, 2)}\n`);
    else
      doors.out(
        `${made.id}: silent until ${iso(made.until)}; probing goes on; end it with "corewatch incidents unsilence ${made.id}"\n`,
      );
    return EXIT.good;
  });
}

function matchOf(options: SilenceOptions): Match {
  const check = options.check === undefined ? undefined : CHECK_KINDS.find((one) => one === options.check);
  if (options.check !== undefined && check === undefined) {
    throw new Problem(
      EXIT.usage,
      `--check ${options.check}: there is no such check; the kinds are ${CHECK_KINDS.join(", ")}`,
    );
  }
  const match: Match = {
    ...(options.deployment === undefined ? {} : { deployment: options.deployment }),
    ...(check === undefined ? {} : { check }),
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  };
  if (Object.keys(match).length === 0) {
    throw new Problem(EXIT.usage, "say what to silence: --deployment, --check, --target or --cause");
  }
  return match;
}

/** Ends a silence now. */
export async function unsilence(id: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }) => {
    if (!(await store.endSilence(id, doors.clock.now()))) {
      throw new Problem(EXIT.usage, `there is no active silence ${id}: "corewatch incidents silences" lists them`);
    }
    doors.out(options.format === "json" ? `${JSON.stringify({ id, ended: true })}\n` : `${id} ended\n`);
    return EXIT.good;
  });
}

/** The silences that people made and that have not expired. */
export async function listSilences(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withStore(options, doors, async ({ store }, { fleet }) => {
    const now = doors.clock.now();
    const all = [...(await store.silences(now)), ...fleet.silences.filter((one) => one.until > now)];
    if (format === "json") {
      doors.out(
        `${JSON.stringify(
          all.map((one) => ({ ...one, from: iso(one.from), until: iso(one.until) })),
          null,
          2,
        )}\n`,
      );
    } else if (all.length === 0) doors.out("no silences\n");
    else {
      doors.out(
        `${table(all.map((one) => [one.id, JSON.stringify(one.match), `until ${iso(one.until)}`, one.by, one.reason]))}\n`,
      );
    }
    return EXIT.good;
  });
}
