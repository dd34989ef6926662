import { StoreUnavailable } from "../../src/domain/index.ts";
import type {
  Clock,
  DecisionInput,
  DecisionOutput,
  Exclusive,
  Incident,
  IncidentEvent,
  MissedSlot,
  NoticeDraft,
  NoticeRecord,
  Observation,
  Outbox,
  SeriesKey,
  SeriesState,
  SeriesSummary,
  Silence,
  Store,
} from "../../src/domain/index.ts";
import { seriesKey } from "../../src/domain/index.ts";

/** A store in memory: the same promises as the real one, and it can be put out of reach. Its outbox only keeps what is written. */
export class FakeStore implements Store {
  readonly #clock: Clock;
  readonly #states = new Map<SeriesKey, SeriesState>();
  readonly #incidents = new Map<string, Incident>();
  readonly #events: IncidentEvent[] = [];
  readonly #notices: NoticeDraft[] = [];
  readonly #observations = new Map<string, Observation>();
  readonly #missed = new Map<string, MissedSlot>();
  readonly #silences = new Map<string, Silence>();
  readonly #beats = new Map<string, { id: string; at: number; ok: boolean; message: string }>();
  readonly #facts = new Map<string, string>();
  readonly #turns = new Set<string>();
  readonly #onBeat = new Set<(beat: { id: string; at: number; ok: boolean; message: string }) => void>();
  readonly #onChange = new Set<(what: "states" | "incidents" | "silences") => void>();
  #number = 0;
  /** `false`: every call throws {@link StoreUnavailable}. */
  reachable = true;
  /** How many decisions were asked for, and how many wrote something. */
  decisions = 0;
  writes = 0;
  readonly outbox: Outbox = {
    claim: () => Promise.resolve(undefined),
    onNotice: () => ({ stop() {} }),
    backlog: () => Promise.resolve({ waiting: this.#notices.length, oldest: this.#notices[0]?.at ?? null }),
  };
  readonly housekeeping = { run: (): Promise<void> => this.#reach() };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get observations(): readonly Observation[] {
    return [...this.#observations.values()];
  }
  get missed(): readonly MissedSlot[] {
    return [...this.#missed.values()];
  }
  get incidents(): readonly Incident[] {
    return [...this.#incidents.values()];
  }
  get events(): readonly IncidentEvent[] {
    return this.#events;
  }
  get notices(): readonly NoticeDraft[] {
    return this.#notices;
  }
  state(key: SeriesKey): SeriesState | undefined {
    return this.#states.get(key);
  }

  /** Writes states as another process does. */
  writeElsewhere(...states: SeriesState[]): void {
    for (const state of states) {
      this.#states.set(state.key, { ...state, version: (this.#states.get(state.key)?.version ?? 0) + 1 });
    }
    for (const listener of this.#onChange) listener("states");
  }

  async append(observations: readonly Observation[], missed: readonly MissedSlot[]): Promise<void> {
    await this.#reach();
    for (const one of observations) {
      const id = `${seriesKey(one.target, one.check)} ${one.slot}`;
      if (!this.#observations.has(id)) this.#observations.set(id, one);
    }
    for (const one of missed) this.#missed.set(`${one.series} ${one.slot}`, one);
  }

  async states(): Promise<SeriesState[]> {
    await this.#reach();
    return [...this.#states.values()];
  }

  async decide(
    keys: readonly SeriesKey[],
    resolvedAfter: number,
    decide: (input: DecisionInput) => DecisionOutput,
  ): Promise<DecisionOutput> {
    await this.#reach();
    this.decisions++;
    let number = this.#number;
    const output = decide({
      states: new Map([...this.#states].filter(([key]) => keys.includes(key))),
      incidents: this.incidents.filter(
        ({ state, resolvedAt }) => state !== "resolved" || (resolvedAt ?? 0) >= resolvedAfter,
      ),
      silences: await this.silences(this.#clock.now()),
      newIncidentId: () => `INC-${++number}`,
    });
    for (const { key, version } of output.states) {
      if ((this.#states.get(key)?.version ?? 0) !== version)
        throw new Error(`${key} was decided from version ${version}, which is not what is stored`);
    }
    const written = [output.states, output.incidents, output.events, output.notices].some(
      (list: readonly unknown[]) => list.length > 0,
    );
    if (written) this.writes++;
    this.#number = number;
    const states = output.states.map((state) => ({ ...state, version: state.version + 1 }));
    for (const state of states) this.#states.set(state.key, state);
    for (const incident of output.incidents) this.#incidents.set(incident.id, incident);
    this.#events.push(...output.events);
    this.#notices.push(...output.notices);
    const open = this.incidents
      .filter(({ state }) => state !== "resolved")
      .map(({ scope }) => `${scope.kind}:${scope.id}`);
    if (new Set(open).size !== open.length) throw new Error("two incidents are open for one scope");
    return { ...output, states };
  }

  async open(): Promise<Incident[]> {
    await this.#reach();
    return this.incidents.filter(({ state }) => state !== "resolved");
  }

  async list(limit: number): Promise<Incident[]> {
    await this.#reach();
    return this.incidents.toReversed().slice(0, limit);
  }

  async get(id: string): Promise<{ incident: Incident; events: IncidentEvent[]; notices: NoticeRecord[] } | undefined> {
    await this.#reach();
    const incident = this.#incidents.get(id);
    if (incident === undefined) return undefined;
    return { incident, events: this.#events.filter((event) => event.incident === id), notices: [] };
  }

  async silences(now: number): Promise<Silence[]> {
    await this.#reach();
    return [...this.#silences.values()].filter(({ until }) => until > now);
  }

  async addSilence(silence: Silence): Promise<void> {
    await this.#reach();
    this.#silences.set(silence.id, silence);
  }

  async endSilence(id: string, now: number): Promise<boolean> {
    await this.#reach();
    const silence = this.#silences.get(id);
    if (silence === undefined) return false;
    this.#silences.set(id, { ...silence, until: now });
    return true;
  }

  onChange(listener: (what: "states" | "incidents" | "silences") => void): { stop(): void } {
    this.#onChange.add(listener);
    return { stop: () => void this.#onChange.delete(listener) };
  }

  async beat(id: string, at: number, ok: boolean, message: string): Promise<void> {
    await this.#reach();
    const beat = { id, at, ok, message };
    this.#beats.set(id, beat);
    for (const listener of this.#onBeat) listener(beat);
  }

  async beats(): Promise<{ id: string; at: number; ok: boolean; message: string }[]> {
    await this.#reach();
    return [...this.#beats.values()];
  }

  onBeat(listener: (beat: { id: string; at: number; ok: boolean; message: string }) => void): { stop(): void } {
    this.#onBeat.add(listener);
    return { stop: () => void this.#onBeat.delete(listener) };
  }

  async getFact(key: string): Promise<unknown> {
    await this.#reach();
    const text = this.#facts.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async putFact(key: string, value: unknown): Promise<void> {
    await this.#reach();
    this.#facts.set(key, JSON.stringify(value));
  }

  async exclusive<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<Exclusive<T>> {
    await this.#reach();
    if (this.#turns.has(name)) return { held: false };
    this.#turns.add(name);
    try {
      return { held: true, result: await work(new AbortController().signal) };
    } finally {
      this.#turns.delete(name);
    }
  }

  async summary(): Promise<SeriesSummary[]> {
    await this.#reach();
    return [];
  }

  async latest(limit: number): Promise<Observation[]> {
    await this.#reach();
    return this.observations.toReversed().slice(0, limit);
  }

  async lastSeen(since: number): Promise<ReadonlyMap<SeriesKey, number>> {
    await this.#reach();
    const seen = new Map<SeriesKey, number>();
    for (const { target, check, slot, health } of this.observations) {
      if (health === "unknown" || slot < since) continue;
      const key = seriesKey(target, check);
      seen.set(key, Math.max(slot, seen.get(key) ?? 0));
    }
    return seen;
  }

  ping(): Promise<void> {
    return this.#reach();
  }

  async migrate(): Promise<{ from: number; to: number }> {
    await this.#reach();
    return { from: 1, to: 1 };
  }

  async close(): Promise<void> {
    this.#onBeat.clear();
    this.#onChange.clear();
  }

  async #reach(): Promise<void> {
    await Promise.resolve();
    if (!this.reachable) throw new StoreUnavailable("the store is out of reach");
  }
}
