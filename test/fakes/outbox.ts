import {
  StoreUnavailable,
  type Incident,
  type IncidentEvent,
  type Notice,
  type NoticeDraft,
  type NoticeRecord,
  type Outbox,
  type OutboxClaim,
  type Post,
} from "../../src/domain/index.ts";

/** Calls of a claim at which a process can be killed. */
export type ClaimCall = "due" | "begin" | "sent" | "postpone" | "settle" | "post" | "incident";

type Row = { -readonly [K in keyof NoticeRecord]: NoticeRecord[K] } & { retryAt: number };

/** An outbox in memory with the port's semantics: one claim, folded cards, begun notices. Processes can be killed at any step. */
export class FakeOutbox implements Outbox {
  readonly rows: Row[] = [];
  readonly posts = new Map<string, Post>();
  readonly #stories = new Map<string, { incident: Incident; events: IncidentEvent[] }>();
  readonly #listeners = new Set<() => void>();
  #holder: FakeClaim | undefined;
  /** While `true` every call fails as if the database were out of reach. */
  unavailable = false;
  /** How often the outbox was asked what is due. */
  looks = 0;
  /** Kills the holder before or after its next such call. */
  killAt: { readonly call: ClaimCall; readonly when: "before" | "after" } | undefined;

  /** Writes an incident and its notices, as one decision does. */
  commit(incident: Incident, drafts: readonly NoticeDraft[], events: readonly IncidentEvent[] = []): void {
    const before = this.#stories.get(incident.id)?.events ?? [];
    this.#stories.set(incident.id, { incident, events: [...before, ...events] });
    for (const draft of drafts)
      this.rows.push({
        ...draft,
        id: this.rows.length + 1,
        attempts: 0,
        begun: false,
        failingSince: null,
        state: "pending",
        receipt: null,
        sentAt: null,
        error: null,
        retryAt: 0,
      });
    this.notify();
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The holder's process dies: its calls never come back, and the claim is free. */
  kill(): void {
    if (this.#holder !== undefined) this.#holder.dead = true;
    this.#holder = undefined;
  }

  /** The holder's connection breaks: it learns of it. */
  loseClaim(): void {
    if (this.#holder !== undefined) this.#holder.lost = true;
    this.#holder = undefined;
    this.notify();
  }

  async claim(): Promise<OutboxClaim | undefined> {
    if (this.unavailable) throw new StoreUnavailable("the store is out of reach");
    if (this.#holder !== undefined) return undefined;
    this.#holder = new FakeClaim(this, (holder) => {
      if (this.#holder === holder) this.#holder = undefined;
      this.notify();
    });
    return this.#holder;
  }

  onNotice(listener: () => void): { stop(): void } {
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  async backlog(): Promise<{ waiting: number; oldest: number | null }> {
    const waiting = this.rows.filter((row) => row.state === "pending");
    return { waiting: waiting.length, oldest: waiting[0]?.at ?? null };
  }

  story(id: string): { incident: Incident; events: IncidentEvent[] } | undefined {
    return this.#stories.get(id);
  }

  states(): string[] {
    return this.rows.map((row) => row.state);
  }
}

class FakeClaim implements OutboxClaim {
  readonly #outbox: FakeOutbox;
  readonly #free: (holder: FakeClaim) => void;
  readonly #inFlight = new Set<number>();
  lost = false;
  dead = false;

  constructor(outbox: FakeOutbox, free: (holder: FakeClaim) => void) {
    this.#outbox = outbox;
    this.#free = free;
  }

  due(now: number, limit: number): Promise<Notice[]> {
    return this.#call("due", () => {
      this.#outbox.looks++;
      return this.#heads()
        .filter((row) => row.retryAt <= now)
        .slice(0, limit)
        .map((row) => ({ ...row }));
    });
  }

  nextDue(): Promise<number | null> {
    return this.#call("due", () => {
      const heads = this.#heads();
      return heads.length === 0 ? null : Math.min(...heads.map((row) => row.retryAt));
    });
  }

  /** Per incident and channel the one notice that is next; older cards hand on to the newest what it must know. */
  #heads(): Row[] {
    const lanes = Map.groupBy(
      this.#outbox.rows.filter((row) => row.state === "pending"),
      (row) => `${row.incident} ${row.channel}`,
    );
    const heads: Row[] = [];
    for (const [place, rows] of lanes) {
      if (rows.some((row) => this.#inFlight.has(row.id))) continue;
      const card = rows.findLast((row) => row.kind === "card");
      for (const old of rows) {
        if (card === undefined || old.kind !== "card" || old === card) continue;
        old.state = "superseded";
        card.begun ||= old.begun;
        card.attempts = Math.max(card.attempts, old.attempts);
        card.mention ??= old.mention;
        card.failingSince ??= old.failingSince;
        card.retryAt = Math.max(card.retryAt, old.retryAt);
      }
      const reply = rows.find((row) => row.kind === "reply");
      const cardFirst =
        card !== undefined && (reply === undefined || card.id < reply.id || !this.#outbox.posts.has(place));
      const head = cardFirst ? card : reply;
      if (head !== undefined) heads.push(head);
    }
    return heads.sort((a, b) => a.id - b.id);
  }

  begin(id: number): Promise<void> {
    return this.#call("begin", () => {
      const row = this.#row(id);
      this.#inFlight.add(id);
      row.begun = true;
      row.attempts++;
    });
  }

  sent(id: number, at: number, receipt: string, post: Post | undefined): Promise<void> {
    return this.#call("sent", () => {
      this.#inFlight.delete(id);
      Object.assign(this.#row(id), { state: "sent", receipt, sentAt: at, error: null });
      if (post !== undefined) this.#outbox.posts.set(`${post.incident} ${post.channel}`, post);
    });
  }

  postpone(id: number, at: number, retryAt: number, error: string): Promise<void> {
    return this.#call("postpone", () => {
      this.#inFlight.delete(id);
      const row = this.#row(id);
      Object.assign(row, { retryAt, error, failingSince: row.failingSince ?? at });
    });
  }

  settle(id: number, at: number, state: "fallback" | "failed", receipt: string | null, error: string): Promise<void> {
    return this.#call("settle", () => {
      this.#inFlight.delete(id);
      Object.assign(this.#row(id), { state, receipt, sentAt: at, error });
    });
  }

  post(incident: string, channel: string): Promise<Post | undefined> {
    return this.#call("post", () => this.#outbox.posts.get(`${incident} ${channel}`));
  }

  incident(id: string): Promise<{ incident: Incident; events: IncidentEvent[] } | undefined> {
    return this.#call("incident", () => this.#outbox.story(id));
  }

  async release(): Promise<void> {
    this.lost = true;
    if (!this.dead) this.#free(this);
  }

  #row(id: number): Row {
    const row = this.#outbox.rows.find((one) => one.id === id);
    if (row === undefined) throw new Error(`no notice ${id}`);
    return row;
  }

  async #call<T>(call: ClaimCall, act: () => T): Promise<T> {
    const kill = this.#outbox.killAt?.call === call && !this.dead ? this.#outbox.killAt.when : undefined;
    if (kill !== undefined) this.#outbox.killAt = undefined;
    if (kill === "before") this.#outbox.kill();
    // What a dead process waits for never comes.
    if (this.dead) return new Promise<T>(() => {});
    if (this.#outbox.unavailable || this.lost) throw new StoreUnavailable("the store is out of reach");
    const result = act();
    if (kill === "after") {
      this.#outbox.kill();
      return new Promise<T>(() => {});
    }
    return result;
  }
}
