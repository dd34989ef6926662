import { CAUSE_TEXTS, formatDuration, listSome, nameTarget, REASON_TEXTS } from "../domain/index.ts";
import type { Affected, Incident, IncidentEvent, Message, Notice, Severity, SignIn } from "../domain/index.ts";
import {
  bound,
  bullets,
  escapeText,
  HEADER_LIMIT,
  mentionMarkup,
  oneLine,
  SECTION_LIMIT,
  timeMarkup,
  utc,
} from "./markup.ts";

/** What a message needs besides the incident. */
export interface MessageLinks {
  /** Address of this corewatch, without a trailing slash; no link unless set. */
  readonly publicUrl: string | undefined;
  /** Takes secrets out of any text. */
  readonly redact: (text: string) => string;
  /** Id of the notice that the message goes out for. */
  readonly notice: number;
  /** Mention to put in front, or `null`. */
  readonly mention: string | null;
}

/** Longest notification text: it is all that a reader of plain text gets. */
const TEXT_LIMIT = 3_000;
const MAX_AFFECTED = 10;
const MAX_EVIDENCE = 6;

const SEVERITY_SIGN: Record<Severity, string> = {
  critical: ":red_circle:",
  major: ":large_orange_circle:",
  minor: ":large_yellow_circle:",
};
const SIGN_IN: Record<SignIn, string> = { yes: "Yes", partly: "Some of them", no: "No", unknown: "Not known" };

/**
 * The one message of an incident in a channel, as it stands at `now`: cause, meaning, whether users can sign in, since
 * when, what is affected, why, where to look, who is on it. `events` is its timeline, oldest first.
 */
export function card(incident: Incident, events: readonly IncidentEvent[], now: number, links: MessageLinks): Message {
  const clean = (text: string): string => escapeText(oneLine(links.redact(text)));
  const texts = CAUSE_TEXTS[incident.cause];
  const resolved = incident.state === "resolved";
  const mention = links.mention === null || resolved ? undefined : mentionMarkup(links.redact(links.mention));
  const blocks = [
    header(`${signOf(incident)} ${headline(incident, links.redact)}`),
    section([mention, meaningOf(incident, clean)].filter((part) => part !== undefined).join(" ")),
    fields(incident, now),
    ...affectedBlock(incident, clean),
    ...evidenceBlock(incident, clean),
    ...(resolved ? [] : [section(`*Where to look*\n${clean(texts.lookAt)}`)]),
    ...latestBlock(incident, events, clean),
    context([footer(incident, now, links, clean)]),
  ];
  return {
    text: plainText(incident, now, mention, clean),
    blocks,
    metadata: { incident: incident.id, notice: links.notice, kind: "card" },
  };
}

/** One line of an incident's thread. Shown in the channel too, it names the incident, since it stands alone there. */
export function replyMessage(
  incident: Incident,
  notice: Pick<Notice, "text" | "broadcast" | "at" | "because">,
  links: MessageLinks,
): Message {
  const clean = (text: string): string => escapeText(oneLine(links.redact(text)));
  const mention = links.mention === null ? undefined : mentionMarkup(links.redact(links.mention));
  const resolved = notice.because === "resolved" ? ":white_check_mark:" : undefined;
  const sign = resolved ?? (notice.broadcast ? signOf(incident) : undefined);
  const name = notice.broadcast ? `*${incident.id} ${clean(headline(incident, links.redact))}:*` : undefined;
  const line = [mention, sign, name, bound(clean(notice.text), 2_000)].filter((part) => part !== undefined).join(" ");
  return {
    text: bound(line, TEXT_LIMIT),
    blocks: [section(line), context([timeMarkup(notice.at, "{date_short_pretty} {time_secs}")])],
    metadata: { incident: incident.id, notice: links.notice, kind: "reply" },
  };
}

/** `Resolved: acme-production: One core is down` */
function headline(incident: Incident, redact: (text: string) => string): string {
  const where = incident.deployment ?? incident.scope.id;
  const title = `${where}: ${CAUSE_TEXTS[incident.cause].title}`;
  if (incident.mergedInto !== null) return oneLine(redact(`Part of ${incident.mergedInto}: ${title}`));
  if (incident.state === "resolved") return oneLine(redact(`Resolved: ${title}`));
  return oneLine(redact(isHealing(incident) ? `Recovering: ${title}` : title));
}

function isHealing(incident: Incident): boolean {
  return incident.state !== "resolved" && (incident.healingSince ?? null) !== null;
}

/** What is told of an incident: once it is over, how it was at its worst, of which its last moment knows little. */
function toldOf(incident: Incident): Pick<Incident, "signIn" | "affected" | "evidence"> & { targets: number } {
  const { worst, state, signIn, affected, evidence } = incident;
  return worst === undefined || state !== "resolved" ? { signIn, affected, evidence, targets: 0 } : worst;
}

/** What was affected and is well again, while the rest of it heals: which core was down has to stay to be read. */
function recovered(incident: Incident): Affected[] {
  if (!isHealing(incident)) return [];
  const left = new Set(distinct(incident.affected).map(({ target }) => nameTarget(target)));
  return distinct(incident.worst?.affected ?? []).filter(({ target }) => !left.has(nameTarget(target)));
}

/** What it means now: once it is over, that it is. */
function meaningOf(incident: Incident, clean: (text: string) => string): string {
  if (incident.mergedInto !== null)
    return `It is part of something larger: ${clean(incident.mergedInto)} goes on about it.`;
  if (incident.state === "resolved") return "It is over: everything that was affected is well again.";
  if (isHealing(incident)) return "What was down is well again; what follows from it has yet to be.";
  return clean(CAUSE_TEXTS[incident.cause].meaning);
}

function signOf(incident: Incident): string {
  if (incident.mergedInto !== null) return ":link:";
  return incident.state === "resolved" ? ":white_check_mark:" : SEVERITY_SIGN[incident.severity];
}

function fields(incident: Incident, now: number): unknown {
  const resolved = incident.state === "resolved";
  const lasted = formatDuration(Math.max(0, (incident.resolvedAt ?? now) - incident.openedAt));
  const opened = timeMarkup(incident.openedAt, "{date_short_pretty} {time_secs}");
  const cells = resolved
    ? [
        ["Severity", `${capital(incident.peak)} at worst`],
        ["Users could sign in", SIGN_IN[toldOf(incident).signIn]],
        ["Lasted", lasted],
        ["From", opened],
      ]
    : [
        ["Severity", capital(incident.severity)],
        ["Users can sign in", SIGN_IN[incident.signIn]],
        ["Lasting", lasted],
        ["Since", opened],
      ];
  return { type: "section", fields: cells.map(([name, value]) => mrkdwn(`*${name}*\n${value}`)) };
}

function affectedBlock(incident: Incident, clean: (text: string) => string): unknown[] {
  const told = toldOf(incident);
  const affected = distinct(told.affected);
  const nameOf = ({ target }: Affected): string => `\`${clean(nameTarget(target)).replace(/`/g, "'")}\``;
  const lines = affected.map((one) => {
    const later = one.since > incident.openedAt ? `, since ${timeMarkup(one.since, "{time_secs}")}` : "";
    return `${nameOf(one)} ${REASON_TEXTS[one.reason]}${later}`;
  });
  const total = Math.max(affected.length, told.targets);
  const title = incident.state === "resolved" ? "Was affected" : "Affected";
  const well = recovered(incident);
  return [
    ...(affected.length === 0 ? [] : [section(`*${title} (${total})*\n${bullets(lines, MAX_AFFECTED, total)}`)]),
    ...(well.length === 0
      ? []
      : [section(`*Well again (${well.length})*\n${bullets(well.map(nameOf), MAX_AFFECTED)}`)]),
  ];
}

/** A target that fails two checks stands in the list once, with what came first. */
function distinct(affected: readonly Affected[]): Affected[] {
  const byTarget = new Map<string, Affected>();
  for (const one of affected) {
    const key = `${one.target.kind}:${one.target.id}`;
    if (!byTarget.has(key)) byTarget.set(key, one);
  }
  return [...byTarget.values()];
}

function evidenceBlock(incident: Incident, clean: (text: string) => string): unknown[] {
  const { evidence } = toldOf(incident);
  if (evidence.length === 0) return [];
  return [section(`*Why*\n${bullets(evidence.map(clean), MAX_EVIDENCE)}`)];
}

function latestBlock(incident: Incident, events: readonly IncidentEvent[], clean: (text: string) => string): unknown[] {
  const lines: string[] = [];
  if (incident.state === "acknowledged" && incident.acknowledgedAt !== null)
    lines.push(
      `:eyes: Acknowledged by ${bound(clean(incident.acknowledgedBy ?? "somebody"), 200)} at ${timeMarkup(incident.acknowledgedAt, "{time_secs}")}`,
    );
  if (incident.silencedBy !== null)
    lines.push(`:no_bell: Silenced by ${bound(clean(incident.silencedBy), 200)}: nobody is called`);
  const last = events.at(-1);
  if (last !== undefined && last.kind !== "opened")
    lines.push(`Last change at ${timeMarkup(last.at, "{time_secs}")}: ${bound(clean(last.text), 500)}`);
  return lines.length === 0 ? [] : [context(lines)];
}

function footer(incident: Incident, now: number, links: MessageLinks, clean: (text: string) => string): string {
  const url = links.publicUrl === undefined ? undefined : `${links.publicUrl}/incidents/${incident.id}`;
  const again =
    incident.reopened === 0 ? [] : [`reopened ${incident.reopened === 1 ? "once" : `${incident.reopened} times`}`];
  return [
    url === undefined ? `*${incident.id}*` : `<${url.replace(/[<>|]/g, "")}|${incident.id}>`,
    clean(`cause ${incident.cause}`),
    ...again,
    `updated ${timeMarkup(now, "{time_secs}")}`,
  ].join("  ·  ");
}

/** Everything that matters, for notifications, screen readers, and where blocks are refused. */
function plainText(
  incident: Incident,
  now: number,
  mention: string | undefined,
  clean: (text: string) => string,
): string {
  const resolved = incident.state === "resolved";
  const texts = CAUSE_TEXTS[incident.cause];
  const lasted = formatDuration(Math.max(0, (incident.resolvedAt ?? now) - incident.openedAt));
  const told = toldOf(incident);
  const namesOf = (list: readonly Affected[]): string[] => list.map(({ target }) => clean(nameTarget(target)));
  const names = namesOf(distinct(told.affected));
  const well = namesOf(recovered(incident));
  const severity = resolved ? `${incident.peak} at worst` : incident.severity;
  const lines = [
    [mention, signOf(incident), clean(headline(incident, (text) => text)), `(${incident.id}, ${severity})`]
      .filter((part) => part !== undefined)
      .join(" "),
    ...(names.length === 0
      ? []
      : [`${resolved ? "Was affected" : "Affected"}: ${listSome(names, MAX_AFFECTED, told.targets)}.`]),
    ...(well.length === 0 ? [] : [`Well again: ${listSome(well, MAX_AFFECTED)}.`]),
    meaningOf(incident, clean),
    `${resolved ? "Users could" : "Users can"} sign in: ${SIGN_IN[told.signIn].toLowerCase()}. ${resolved ? "Lasted" : "Lasting"} ${lasted}, since ${utc(incident.openedAt)}.`,
    ...told.evidence.slice(0, 3).map((line) => bound(clean(line), 300)),
    ...(resolved ? [] : [`Where to look: ${clean(texts.lookAt)}`]),
  ];
  return bound(lines.join("\n"), TEXT_LIMIT);
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function mrkdwn(text: string): { type: "mrkdwn"; text: string } {
  return { type: "mrkdwn", text };
}

function header(text: string): unknown {
  return { type: "header", text: { type: "plain_text", text: bound(text, HEADER_LIMIT), emoji: true } };
}

function section(text: string): unknown {
  return { type: "section", text: mrkdwn(bound(text, SECTION_LIMIT)) };
}

function context(texts: readonly string[]): unknown {
  return { type: "context", elements: texts.slice(0, 10).map((text) => mrkdwn(bound(text, SECTION_LIMIT))) };
}
