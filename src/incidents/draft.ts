import type {
  Fleet,
  Incident,
  IncidentEvent,
  IncidentEventKind,
  NoticeDraft,
  Severity,
  Telling,
} from "../domain/index.ts";
import { tellingChannels } from "./channels.ts";

/** How each event reaches people beside the card: not at all, as a line of the thread, or shown in the channel too. */
const VOICE: Readonly<Record<IncidentEventKind, "card" | "line" | "broadcast">> = {
  opened: "card",
  reopened: "broadcast",
  "cause-changed": "line",
  "affected-changed": "line",
  "severity-raised": "broadcast",
  "severity-lowered": "line",
  acknowledged: "line",
  silenced: "card",
  unsilenced: "broadcast",
  reminded: "broadcast",
  escalated: "line",
  merged: "line",
  resolved: "broadcast",
};

/** Of several events at once the first of these gives its name to the notice. */
const WEIGHT: readonly IncidentEventKind[] = [
  "resolved",
  "merged",
  "reopened",
  "opened",
  "severity-raised",
  "unsilenced",
  "escalated",
  "cause-changed",
  "severity-lowered",
  "acknowledged",
  "affected-changed",
  "reminded",
  "silenced",
];

/** What a draft comes to. */
export interface Written {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
  readonly notices: readonly NoticeDraft[];
}

/** One incident while it is being decided upon: collects what happens to it, and at the end who hears what. */
export class Draft {
  #incident: Incident;
  readonly #now: number;
  readonly #events: IncidentEvent[] = [];
  readonly #loud = new Set<IncidentEventKind>();
  readonly #called = new Map<string, string | null>();
  #changed: boolean;
  #visible = false;

  constructor(incident: Incident, now: number, isNew = false) {
    this.#incident = incident;
    this.#now = now;
    this.#changed = isNew;
  }

  get incident(): Incident {
    return this.#incident;
  }

  /** Since when it waits for somebody, epoch ms. */
  get waitingSince(): number {
    return this.#incident.telling?.waitingSince ?? this.#incident.openedAt;
  }

  /** When its card last changed, epoch ms. */
  get changedAt(): number {
    return this.#incident.telling?.changedAt ?? this.#incident.openedAt;
  }

  /** Changes fields without anybody being told. */
  set(fields: Partial<Incident>): void {
    this.#incident = { ...this.#incident, ...fields };
    this.#changed = true;
  }

  /** Changes what telling remembers. */
  remember(fields: Partial<Telling>): void {
    const { telling } = this.#incident;
    this.set({
      telling: { channels: [], changedAt: this.changedAt, waitingSince: this.waitingSince, ...telling, ...fields },
    });
  }

  /** The card has to be brought up to date. */
  show(): void {
    this.#visible = true;
    this.remember({ changedAt: this.#now });
  }

  /** Something happened; `text` is one sentence. `loud`: shown in the channel though its kind usually is not. */
  log(kind: IncidentEventKind, text: string, loud = false): void {
    this.#events.push({ incident: this.#incident.id, at: this.#now, kind, text });
    if (loud || VOICE[kind] === "broadcast") this.#loud.add(kind);
    this.show();
  }

  /** Calls more people: in a channel of theirs, or (`undefined`) wherever it is told. */
  call(channel: string | undefined, mention: string | null): void {
    const before = this.#called.get(channel ?? ANYWHERE);
    const both = [before, mention].filter((one) => one !== null && one !== undefined);
    this.#called.set(channel ?? ANYWHERE, both.length === 0 ? null : [...new Set(both)].join(" "));
  }

  /** What is to be written; `undefined` when nothing happened. */
  finish(fleet: Fleet): Written | undefined {
    if (!this.#changed) return undefined;
    const notices = this.#visible ? this.#notices(fleet) : [];
    return { incident: this.#incident, events: this.#events, notices };
  }

  #notices(fleet: Fleet): NoticeDraft[] {
    const before = this.#incident;
    const isResolved = before.state === "resolved";
    const silenced = before.silencedBy !== null;
    // Never told, and quiet or over: nobody learns of it.
    if (!before.told && (silenced || isResolved)) return [];
    const had = new Set(before.told ? (before.telling?.channels ?? []) : []);
    const wanted = tellingChannels(fleet, before).filter(
      (one) => !isResolved || had.has(one) || fleet.slack === undefined,
    );
    const extra =
      fleet.slack === undefined || isResolved ? [] : [...this.#called.keys()].filter((one) => one !== ANYWHERE);
    const channels = [...new Set([...wanted, ...extra])];
    if (channels.length === 0) return [];
    const first = !before.told;
    this.set({ told: true });
    this.remember({ channels, ...(first ? { waitingSince: this.#now } : {}) });
    return channels.flatMap((channel) => this.#inChannel(fleet, channel, first || !had.has(channel), silenced));
  }

  #inChannel(fleet: Fleet, channel: string, isNew: boolean, quiet: boolean): NoticeDraft[] {
    const kinds = this.#events.map((event) => event.kind);
    const because = WEIGHT.find((kind) => kinds.includes(kind)) ?? (isNew ? "opened" : "affected-changed");
    const called = this.#called.get(channel) ?? this.#called.get(ANYWHERE) ?? null;
    const mention = called ?? criticalMention(fleet, this.#incident.severity);
    const base = { incident: this.#incident.id, channel, at: this.#now };
    const card: NoticeDraft = {
      ...base,
      kind: "card",
      because,
      text: "",
      broadcast: false,
      mention: isNew && !quiet && this.#incident.state !== "resolved" ? mention : null,
    };
    if (isNew || quiet) return [card];
    const lines = this.#events.filter((event) => VOICE[event.kind] !== "card");
    if (lines.length === 0) return [card];
    const wasCalled = this.#called.has(channel) || this.#called.has(ANYWHERE);
    const broadcast = wasCalled || lines.some((event) => this.#loud.has(event.kind));
    const calm = because === "resolved" || because === "merged" || !broadcast;
    const text = lines.map((event) => event.text).join(" ");
    return [card, { ...base, kind: "reply", because, text, broadcast, mention: calm ? null : mention }];
  }
}

const ANYWHERE = "\u0000";

function criticalMention(fleet: Fleet, severity: Severity): string | null {
  return severity === "critical" ? (fleet.slack?.mention ?? null) : null;
}
