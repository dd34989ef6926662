import type { Clock, DatabaseProber } from "../domain/index.ts";
import { Gate } from "./gate.ts";
import { look } from "./look.ts";
import { explainPostgres } from "./postgres-errors.ts";
import { lookThrough } from "./postgres-facts.ts";
import { openPostgres } from "./postgres-client.ts";

/** Looks that run at once, over all databases: each holds one connection of the database it looks at. */
const MAX_LOOKS = 16;

/** Looks at Postgres (and what speaks its protocol): one connection a look, closed after it, nothing written. */
export function createPostgresProber(options: { readonly clock: Clock }): DatabaseProber {
  const gate = new Gate(MAX_LOOKS);
  const closing = new AbortController();
  return {
    look(url, timeoutMs, signal) {
      const { clock } = options;
      const either = AbortSignal.any([signal, closing.signal]);
      return look({ clock, gate, timeoutMs, signal: either, explain: explainPostgres }, async (attempt) => {
        const client = await openPostgres(url, attempt);
        const facts = await lookThrough(client, clock, attempt.timeLeft());
        // Says goodbye, so that the server's log shows no broken connection; the look's end destroys the socket anyway.
        await client.end();
        return facts;
      });
    },
    async close() {
      closing.abort();
    },
  };
}
