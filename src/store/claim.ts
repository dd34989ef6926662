import type { Client } from "pg";
import { StoreUnavailable } from "../domain/index.ts";
import type { Incident, IncidentEvent, Notice, OutboxClaim, Post } from "../domain/index.ts";
import { run } from "./connection.ts";
import { INCIDENT_COLUMNS, incidentId, incidentNumber, incidentOf, readEvents } from "./incidents.ts";
import type { IncidentRow } from "./incidents.ts";
import { order } from "./outbox-order.ts";
import type { Fold } from "./outbox-order.ts";
import { NOTICE_COLUMNS, noticeOf } from "./notices.ts";
import type { NoticeRow } from "./notices.ts";
import { MAX, numbers } from "./text.ts";
import type { Clean } from "./text.ts";

/** Pending notices looked at in one go, oldest first. */
const WINDOW = 2_000;
/** A send that was begun longer ago is not running any more, whatever became of it. */
const FLIGHT_MS = 120_000;

interface ClaimParts {
  /** The connection that holds the lock. */
  readonly client: Client;
  readonly fleet: number;
  readonly clean: Clean;
  readonly failure: (error: unknown) => Error;
  /** Tells other processes that the claim is free. */
  readonly notifyFree: () => Promise<void>;
  readonly onEnd: () => void;
}

type Work<T> = (client: Client) => Promise<T>;

/** The claim on one fleet's outbox. Its calls run one after the other, on the connection that holds the lock. */
export class Claim implements OutboxClaim {
  readonly #parts: ClaimParts;
  /** Begun by this claim and not finished, with the moment of beginning. */
  readonly #inFlight = new Map<number, number>();
  #lost = false;
  #turn: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | undefined;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
    parts.client.on("error", () => this.#lose());
    parts.client.on("end", () => this.#lose());
  }

  get lost(): boolean {
    return this.#lost;
  }

  async due(now: number, limit: number): Promise<Notice[]> {
    for (const [id, begun] of this.#inFlight) if (now - begun > FLIGHT_MS) this.#inFlight.delete(id);
    const heads = await this.#heads();
    return heads
      .filter((notice) => notice.due_at <= now)
      .slice(0, limit)
      .map(noticeOf);
  }

  async nextDue(): Promise<number | null> {
    const heads = await this.#heads();
    return heads.length === 0 ? null : Math.min(...heads.map((notice) => notice.due_at));
  }

  /** The next notice of each (incident, channel), after folding. */
  #heads(): Promise<readonly NoticeRow[]> {
    return this.#inTurn(async (client) => {
      const { rows } = await run<NoticeRow & { posted: boolean }>(client, PENDING, [this.#parts.fleet, WINDOW]);
      const { folds, heads } = order(rows, (notice) => notice.posted, new Set(this.#inFlight.keys()));
      if (folds.length > 0) await run(client, FOLD, [this.#parts.fleet, JSON.stringify(folds.map(foldRow))]);
      return heads;
    });
  }

  begin(id: number, at: number): Promise<void> {
    return this.#inTurn(async (client) => {
      // A reply may begin twice: for the card that it needs, and for itself.
      const attempt = this.#inFlight.has(id) ? 0 : 1;
      await run(client, BEGIN, [this.#parts.fleet, id, Math.round(at), attempt]);
      this.#inFlight.set(id, at);
    });
  }

  sent(id: number, at: number, receipt: string, post: Post | undefined): Promise<void> {
    return this.#finish(id, async (client) => {
      const values = [this.#parts.fleet, id, Math.round(at), receipt];
      if (post === undefined) await run(client, SENT, values);
      else {
        const place = [incidentNumber(post.incident), post.channel, post.channelId, post.ts];
        await run(client, SENT_AND_POSTED, [...values, ...place]);
      }
    });
  }

  postpone(id: number, at: number, retryAt: number, error: string): Promise<void> {
    return this.#finish(id, async (client) => {
      const text = this.#parts.clean(error, MAX.error);
      await run(client, POSTPONE, [this.#parts.fleet, id, Math.round(at), Math.ceil(retryAt), text]);
    });
  }

  settle(id: number, at: number, state: "fallback" | "failed", receipt: string | null, error: string): Promise<void> {
    return this.#finish(id, async (client) => {
      const text = this.#parts.clean(error, MAX.error);
      await run(client, SETTLE, [this.#parts.fleet, id, Math.round(at), state, receipt, text]);
    });
  }

  post(incident: string, channel: string): Promise<Post | undefined> {
    return this.#inTurn(async (client) => {
      const values = [this.#parts.fleet, incidentNumber(incident), channel];
      const { rows } = await run<{ incident: number; channel: string; channel_id: string; ts: string }>(
        client,
        POST,
        values,
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      return { incident: incidentId(row.incident), channel: row.channel, channelId: row.channel_id, ts: row.ts };
    });
  }

  incident(id: string): Promise<{ incident: Incident; events: IncidentEvent[] } | undefined> {
    return this.#inTurn(async (client) => {
      const number = incidentNumber(id);
      const { rows } = await run<IncidentRow>(client, INCIDENT, [this.#parts.fleet, number]);
      const row = rows[0];
      if (row === undefined) return undefined;
      return { incident: incidentOf(row), events: await readEvents(client, this.#parts.fleet, number) };
    });
  }

  /** Gives the claim back; safe to call twice, and when it is lost. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    await this.#turn;
    this.#parts.onEnd();
    const held = !this.#lost;
    this.#lost = true;
    const { client } = this.#parts;
    try {
      // Unlocked first: whoever hears of it must find it free.
      if (held) await run(client, "SELECT pg_advisory_unlock_all()").then(() => this.#parts.notifyFree());
    } catch (error) {
      // Ending the connection frees the lock as surely; the others look again by themselves.
      const failure = this.#parts.failure(error);
      if (!(failure instanceof StoreUnavailable)) throw failure;
    } finally {
      await client.end();
    }
  }

  #lose(): void {
    this.#lost = true;
    this.#parts.onEnd();
  }

  /** Ends the flight of a notice, also when that could not be written: then it is due again, and known as begun. */
  async #finish(id: number, work: Work<void>): Promise<void> {
    try {
      await this.#inTurn(work);
    } finally {
      this.#inFlight.delete(id);
    }
  }

  /** Runs `work` after everything that was asked before. */
  #inTurn<T>(work: Work<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      if (this.#lost) throw new StoreUnavailable("the claim on the outbox was lost");
      try {
        return await work(this.#parts.client);
      } catch (error) {
        throw this.#parts.failure(error);
      }
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function foldRow(fold: Fold): object {
  return {
    superseded: numbers(fold.superseded),
    target: fold.into,
    begun_at: fold.begunAt,
    attempts: fold.attempts,
    mention: fold.mention,
    failing_since: fold.failingSince,
    due_at: fold.dueAt,
  };
}

const PENDING = {
  name: "outbox-pending",
  text: `SELECT ${NOTICE_COLUMNS}, EXISTS (
  SELECT 1 FROM corewatch.post p WHERE p.fleet = n.fleet AND p.incident = n.incident AND p.channel = n.channel) AS posted
FROM corewatch.notice n WHERE fleet = $1 AND state = 'pending' ORDER BY id LIMIT $2`,
};
const FOLD = {
  name: "outbox-fold",
  text: `WITH fold AS (
  SELECT * FROM jsonb_to_recordset($2::jsonb)
    AS f(superseded text, target int8, begun_at int8, attempts int, mention text, failing_since int8, due_at int8)
), gone AS (
  UPDATE corewatch.notice n SET state = 'superseded' FROM fold f
  WHERE n.fleet = $1 AND n.id = ANY (f.superseded::int8[]) AND n.state = 'pending'
)
UPDATE corewatch.notice n SET (begun_at, attempts, mention, failing_since, due_at) =
  (f.begun_at, f.attempts, f.mention, f.failing_since, f.due_at)
FROM fold f WHERE n.fleet = $1 AND n.id = f.target`,
};
const BEGIN = {
  name: "outbox-begin",
  text: "UPDATE corewatch.notice SET begun_at = $3, attempts = attempts + $4 WHERE fleet = $1 AND id = $2",
};
const SENT = {
  name: "outbox-sent",
  text: "UPDATE corewatch.notice SET state = 'sent', sent_at = $3, receipt = $4, error = NULL WHERE fleet = $1 AND id = $2",
};
const SENT_AND_POSTED = {
  name: "outbox-sent-posted",
  text: `WITH stands AS (
  INSERT INTO corewatch.post (fleet, incident, channel, channel_id, ts) VALUES ($1, $5, $6, $7, $8)
  ON CONFLICT (fleet, incident, channel) DO UPDATE SET (channel_id, ts) = (excluded.channel_id, excluded.ts)
)
UPDATE corewatch.notice SET state = 'sent', sent_at = $3, receipt = $4, error = NULL WHERE fleet = $1 AND id = $2`,
};
const POSTPONE = {
  name: "outbox-postpone",
  text: `UPDATE corewatch.notice SET failing_since = coalesce(failing_since, $3), due_at = $4, error = $5
WHERE fleet = $1 AND id = $2 AND state = 'pending'`,
};
const SETTLE = {
  name: "outbox-settle",
  text: "UPDATE corewatch.notice SET state = $4, sent_at = $3, receipt = $5, error = $6 WHERE fleet = $1 AND id = $2",
};
const POST = {
  name: "outbox-post",
  text: "SELECT incident, channel, channel_id, ts FROM corewatch.post WHERE fleet = $1 AND incident = $2 AND channel = $3",
};
const INCIDENT = {
  name: "outbox-incident",
  text: `SELECT ${INCIDENT_COLUMNS} FROM corewatch.incident WHERE fleet = $1 AND number = $2`,
};
