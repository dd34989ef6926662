import type { CapacityDatabase, Clock, Log, Secret } from "../domain/index.ts";
import { inSchema, readCatalog } from "./capacity-catalog.ts";
import { clean } from "./capacity-clean.ts";
import { CapacityError, connector, inWords } from "./capacity-connection.ts";
import { fill } from "./capacity-fill.ts";
import { look } from "./capacity-look.ts";
import type { Scope } from "./capacity-scope.ts";
import { makeTag } from "./capacity-tag.ts";

/** Which part of a database is filled, and by whose name. */
export interface CapacityOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Rows of one tag are counted, gone on with and removed together; `corewatch` unless set. */
  readonly tag?: string;
  /** SuperTokens's app and tenant; both `public` unless set. */
  readonly app?: string;
  readonly tenant?: string;
}

/**
 * Opens the database behind a deployment's cores. Nothing stays connected between calls.
 * @throws Error with a sentence when it cannot be reached, or is not SuperTokens's
 */
export async function openCapacityDatabase(url: Secret, options: CapacityOptions): Promise<CapacityDatabase> {
  const { clock, log, app = "public", tenant = "public" } = options;
  const connect = connector(url, log);
  const catalog = await spoken(async () => {
    const client = await connect();
    try {
      return await readCatalog(client);
    } finally {
      await client.end();
    }
  });
  const tag = makeTag(options.tag ?? "corewatch", app, tenant);
  const scope: Scope = { connect: inSchema(connect, catalog), catalog, app, tenant, tag, clock, log };
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  function during<T>(signal: AbortSignal, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = AbortSignal.any([signal, closing.signal]);
    const done = spoken(async () => {
      if (stop.aborted) throw new CapacityError("it was interrupted before it began: nothing was done");
      return work(stop);
    });
    running.add(done);
    const forget = (): void => void running.delete(done);
    done.then(forget, forget);
    return done;
  }

  return {
    look: (moment, signal) => during(signal, (stop) => look(scope, moment, stop)),
    fill: (want, onProgress, signal) => during(signal, (stop) => fill(scope, want, onProgress, stop)),
    clean: (onProgress, signal) =>
      during(signal, async (stop) => {
        const cleaned = await clean(scope, onProgress, stop);
        log.info(cleaned.advice);
        return cleaned;
      }),
    async close() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

async function spoken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inWords(error);
  }
}
