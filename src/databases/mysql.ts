import type { Clock, DatabaseProber } from "../domain/index.ts";
import { Gate } from "./gate.ts";
import { look } from "./look.ts";
import { openMysql } from "./mysql-client.ts";
import { explainMysql } from "./mysql-errors.ts";
import { lookThrough } from "./mysql-facts.ts";

/** Looks that run at once, over all databases: each holds one connection of the database it looks at. */
const MAX_LOOKS = 16;

/** Looks at MySQL and at what speaks its protocol (TiDB): one connection a look, closed after it, only SELECT and SHOW sent. */
export function createMysqlProber(options: { readonly clock: Clock }): DatabaseProber {
  const gate = new Gate(MAX_LOOKS);
  const closing = new AbortController();
  return {
    look(url, timeoutMs, signal) {
      const { clock } = options;
      const either = AbortSignal.any([signal, closing.signal]);
      return look({ clock, gate, timeoutMs, signal: either, explain: explainMysql }, async (attempt) => {
        const session = await openMysql(url, attempt);
        const facts = await lookThrough(session, clock);
        session.goodbye();
        return facts;
      });
    },
    async close() {
      closing.abort();
    },
  };
}
