import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { errorCode } from "../store/errors.ts";
import { MemoryStorage } from "./core-memory.ts";
import { databaseWaits } from "./core-options.ts";
import type { CoreOptions, CoreTenant } from "./core-options.ts";
import { PostgresStorage } from "./core-postgres.ts";
import { CoreService } from "./core-service.ts";
import { boundPort } from "./files.ts";
import type { CoreStorage, SharedKeys } from "./core-storage.ts";

const TENANTS_EVERY_MS = 60_000;
/** As Tomcat keeps idle connections. */
const KEEP_ALIVE_MS = 60_000;

/** A core that answers. */
export interface RunningCore {
  readonly id: string;
  /** `http://127.0.1.1:3567`, without a trailing slash and base path. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts one simulated core in this process. It opens its port only once its database answers, and waits for that as long
 * as it takes. @throws Error when the port is taken, or `signal` aborts.
 */
export async function startCore(options: CoreOptions, signal = new AbortController().signal): Promise<RunningCore> {
  const storage = lend(options);
  try {
    const keys = await storage.keys(options.tenants ?? [], signal);
    const service = new CoreService(options, storage.use, keys);
    await service.loadTenants();
    // While the database is away the tenants of before stay known, as in a real core.
    const reload = setInterval(() => void service.loadTenants().catch(() => undefined), TENANTS_EVERY_MS).unref();
    const handler = (request: IncomingMessage, response: ServerResponse): void => void service.serve(request, response);
    const server = options.tls === undefined ? createServer(handler) : createTlsServer(pems(options.tls), handler);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const port = await listen(server, options);
    return {
      id: options.id,
      url: `${options.tls === undefined ? "http" : "https"}://${options.host}:${port}`,
      port,
      stop: once(async () => {
        clearInterval(reload);
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
        await storage.giveBack();
      }),
    };
  } catch (error) {
    await storage.giveBack();
    throw error;
  }
}

interface LentStorage {
  readonly use: CoreStorage;
  keys(tenants: readonly CoreTenant[], signal: AbortSignal): Promise<SharedKeys>;
  giveBack(): Promise<void>;
}

interface SharedStorage {
  readonly storage: CoreStorage;
  users: number;
  opened: Promise<SharedKeys> | undefined;
}

const shared = new Map<string, SharedStorage>();

/** The storage of a core: its own, or the process's for that database when pools are shared. */
function lend(options: CoreOptions): LentStorage {
  const make = (): CoreStorage =>
    options.databaseUrl === undefined
      ? new MemoryStorage()
      : new PostgresStorage(options.databaseUrl, options.poolSize ?? 10, databaseWaits(options));
  const { databaseUrl } = options;
  if (databaseUrl === undefined || options.sharePool !== true) {
    const use = make();
    return { use, keys: (tenants, signal) => use.open(tenants, signal), giveBack: once(() => use.close()) };
  }
  const entry = shared.get(databaseUrl) ?? { storage: make(), users: 0, opened: undefined };
  shared.set(databaseUrl, entry);
  entry.users++;
  return {
    use: entry.storage,
    keys: (tenants, signal) => (entry.opened ??= entry.storage.open(tenants, signal)),
    giveBack: once(async () => {
      if (--entry.users > 0) return;
      shared.delete(databaseUrl);
      await entry.storage.close();
    }),
  };
}

function pems(files: { readonly certFile: string; readonly keyFile: string }): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
}

async function listen(server: Server, options: CoreOptions): Promise<number> {
  const last = options.port + (options.port === 0 ? 0 : (options.portSpread ?? 0));
  for (let port = options.port; ; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host: options.host, port, backlog: 511 }, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return boundPort(server);
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE" || port >= last) throw error;
    }
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
