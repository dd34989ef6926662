import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDatabase } from "../../src/sandbox/database.ts";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";

/** A folder of its own that goes with the test. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "corewatch-sandbox-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A database server of its own that leaves nothing behind. */
export async function temporaryDatabase(): Promise<SandboxDatabase> {
  const folder = await temporaryFolder();
  const database = await startDatabase({ dir: folder.path, passing: true, maxConnections: 60 });
  return {
    get url() {
      return database.url;
    },
    get port() {
      return database.port;
    },
    get state() {
      return database.state;
    },
    stop: () => database.stop(),
    start: () => database.start(),
    freeze: () => database.freeze(),
    thaw: () => database.thaw(),
    close: async () => {
      await database.close();
      await folder.remove();
    },
  };
}

/** One answer of a core. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly ms: number;
}

/** Calls a core; never reuses what a proxy or agent would add. */
export async function call(
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> {
  const start = performance.now();
  const response = await fetch(url, {
    method: init.method ?? (init.body === undefined ? "GET" : "POST"),
    headers: { connection: "close", ...init.headers },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    text,
    ms: performance.now() - start,
  };
}

/** The JSON of an answer. */
export async function ask(url: string, body?: unknown): Promise<Record<string, unknown>> {
  const reply = await call(url, body === undefined ? {} : { body });
  const value: Record<string, unknown> = JSON.parse(reply.text);
  return value;
}

/** The key ids that a core serves. */
export async function kids(url: string): Promise<string[]> {
  const { text } = await call(`${url}/.well-known/jwks.json`);
  const { keys }: { keys: { kid: string }[] } = JSON.parse(text);
  return keys.map((key) => key.kid).sort();
}

/** Looks again and again until it is so. @throws Error after `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process exists (a zombie counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
