import type { Incident, IncidentEvent, Notice, NoticeDraft } from "./incident.ts";
import type { SeriesState } from "./judgement.ts";
import type { MissedSlot, Observation, SeriesKey } from "./observation.ts";
import type { Silence } from "./fleet.ts";

/** Thrown by every store call that did not reach the store: the work is not done, and may be tried again. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** What a decision may look at: read under the fleet's lock, so that two processes never decide at once. */
export interface DecisionInput {
  /** Stored states of the series asked for; a series never stored is absent. */
  readonly states: ReadonlyMap<SeriesKey, SeriesState>;
  /** Open and acknowledged incidents, and those resolved at or after `resolvedAfter`. */
  readonly incidents: readonly Incident[];
  /** Silences made by people at the command line and not expired. */
  readonly silences: readonly Silence[];
  /** Gives the next incident id (`INC-13`). */
  newIncidentId(): string;
}

/** What a decision writes, all in one transaction: state change, incident, timeline and notice can not part. */
export interface DecisionOutput {
  /** New states; `version` is the version that was read: the store increments it. */
  readonly states: readonly SeriesState[];
  /** New or changed incidents. */
  readonly incidents: readonly Incident[];
  readonly events: readonly IncidentEvent[];
  readonly notices: readonly NoticeDraft[];
}

/** Observations and missed slots, written in batches. Writing one twice is harmless: (series, slot) is its identity. */
export interface ObservationStore {
  append(observations: readonly Observation[], missed: readonly MissedSlot[]): Promise<void>;
}

/** States and incidents. */
export interface IncidentStore {
  states(): Promise<SeriesState[]>;
  /** Runs the pure `decide` between reading and writing, in one transaction under the fleet's lock. */
  decide(
    keys: readonly SeriesKey[],
    resolvedAfter: number,
    decide: (input: DecisionInput) => DecisionOutput,
  ): Promise<DecisionOutput>;
  open(): Promise<Incident[]>;
  /** Newest first. */
  list(limit: number): Promise<Incident[]>;
  get(id: string): Promise<{ incident: Incident; events: IncidentEvent[]; notices: NoticeRecord[] } | undefined>;
  silences(now: number): Promise<Silence[]>;
  addSilence(silence: Silence): Promise<void>;
  /** Ends a silence at `now`; `false` when there is no such silence. */
  endSilence(id: string, now: number): Promise<boolean>;
  /** Calls back when another process wrote states, incidents or silences. */
  onChange(listener: (what: "states" | "incidents" | "silences") => void): { stop(): void };
}

/** What became of a notice. */
export interface NoticeRecord extends Notice {
  readonly state: "pending" | "sent" | "superseded" | "fallback" | "failed";
  /** Slack's ts, or the fallback's receipt. */
  readonly receipt: string | null;
  readonly sentAt: number | null;
  /** Why the last attempt failed; redacted. */
  readonly error: string | null;
}

/** Where an incident's message stands in a channel. */
export interface Post {
  readonly incident: string;
  /** As configured (`#ops`). */
  readonly channel: string;
  /** Slack's own id of the channel. */
  readonly channelId: string;
  readonly ts: string;
}

/** The outbox: our own table with LISTEN, drained by whichever process holds the claim. */
export interface Outbox {
  /** Takes the delivery claim; `undefined` when another live process has it. A process that dies loses it at once. */
  claim(): Promise<OutboxClaim | undefined>;
  /** Calls back when notices were committed (by any process) or the claim may have become free. */
  onNotice(listener: () => void): { stop(): void };
  /** How many notices wait, and since when the oldest does (epoch ms). */
  backlog(): Promise<{ waiting: number; oldest: number | null }>;
}

/** Held by one process at a time. */
export interface OutboxClaim {
  /** Notices due at `now`, oldest first, replies after their card; cards of one (incident, channel) folded: older ones become `superseded`. */
  due(now: number, limit: number): Promise<Notice[]>;
  /** When the next postponed notice falls due, epoch ms. */
  nextDue(): Promise<number | null>;
  /** Kept before the request leaves, so that a crash between send and receipt is seen. Only `sent` and `settle` end it: a postponed notice stays begun. */
  begin(id: number, at: number): Promise<void>;
  sent(id: number, at: number, receipt: string, post: Post | undefined): Promise<void>;
  /** It failed in passing: again at `retryAt`. */
  postpone(id: number, at: number, retryAt: number, error: string): Promise<void>;
  /** It went by the fallback route (`fallback`), or cannot go at all (`failed`). */
  settle(id: number, at: number, state: "fallback" | "failed", receipt: string | null, error: string): Promise<void>;
  post(incident: string, channel: string): Promise<Post | undefined>;
  incident(id: string): Promise<{ incident: Incident; events: IncidentEvent[] } | undefined>;
  release(): Promise<void>;
  /** `true` once the claim is lost (connection gone). */
  readonly lost: boolean;
}

/** Beats of heartbeats. */
export interface BeatStore {
  beat(id: string, at: number, ok: boolean, message: string): Promise<void>;
  beats(): Promise<{ id: string; at: number; ok: boolean; message: string }[]>;
  /** Calls back with each beat that any process took. */
  onBeat(listener: (beat: { id: string; at: number; ok: boolean; message: string }) => void): { stop(): void };
}

/** Small facts that outlive a restart (key sets, last fleet seen). Values are JSON. */
export interface FactStore {
  getFact(key: string): Promise<unknown>;
  putFact(key: string, value: unknown): Promise<void>;
}

/** What came of work that one process at a time may do. */
export type Exclusive<T> = { readonly held: true; readonly result: T } | { readonly held: false };

/** Work that no two processes of one fleet do at once (applying alarms). */
export interface TurnStore {
  /**
   * Runs `work` while no other process runs work of the same `name`; `held: false` when one does. A process that dies
   * frees its turn at once; `signal` aborts when the store can no longer keep others out.
   */
  exclusive<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<Exclusive<T>>;
}

/** Latency and uptime of one series over a span; histograms merge exactly. */
export interface SeriesSummary {
  readonly series: SeriesKey;
  readonly from: number;
  readonly to: number;
  readonly up: number;
  readonly degraded: number;
  readonly down: number;
  readonly unknown: number;
  readonly missed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** History. */
export interface HistoryStore {
  summary(series: readonly SeriesKey[], from: number, to: number): Promise<SeriesSummary[]>;
  latest(limit: number): Promise<Observation[]>;
  /** The newest slot of each series in which it was really seen (known health) since then; epoch ms. */
  lastSeen(since: number): Promise<ReadonlyMap<SeriesKey, number>>;
}

/** Rolls up, makes partitions ahead and drops what is past its retention. */
export interface Housekeeping {
  run(now: number): Promise<void>;
}

/** The whole store. Every method throws {@link StoreUnavailable} when the database is out of reach. */
export interface Store extends ObservationStore, IncidentStore, BeatStore, FactStore, TurnStore, HistoryStore {
  readonly outbox: Outbox;
  readonly housekeeping: Housekeeping;
  /** Cheap round trip. */
  ping(): Promise<void>;
  /** Brings the schema up to date. @throws Error when the store is newer than this corewatch. */
  migrate(): Promise<{ from: number; to: number }>;
  close(): Promise<void>;
}
