import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Arrivals } from "../../src/domain/index.ts";

/** What the client process is told. */
export interface ClientOrder {
  readonly url: string;
  readonly arrivals: Arrivals;
  /** Thrown away. */
  readonly warmUp: Arrivals | undefined;
  /** Requests name their number in the path. */
  readonly numbered: boolean;
}

/** What it measured. Distributions at 50, 90, 99 and 99.9 percent, ms. */
export interface ClientReport {
  readonly offered: number;
  readonly ok: number;
  readonly dropped: number;
  readonly response: readonly number[];
  readonly service: readonly number[];
  readonly lateness: readonly number[];
  readonly dispersion: number;
  readonly plannedDispersion: number;
  readonly sentRate: number;
  /** Fewest and most requests that were sent in one second, by the generator's own record. */
  readonly sentPerSecond: readonly number[];
  readonly mostSentIn10ms: number;
  /** Of one core, all threads of the process. */
  readonly cpuShare: number;
  readonly memoryMiB: number;
  /** When the stage began, on the clock that processes share (numbered attacks only). */
  readonly beganAt: number;
}

/** The client's core and the server's. */
const CLIENT_CORE = 0;
export const SERVER_CORE = 1;

/** The server, in a process on a core of its own. */
export async function startServer(mode: string) {
  const child = pinned(SERVER_CORE, "load-server-process.ts", mode);
  const { port } = (await answerOf(child)) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    ask: (what: string): Promise<unknown> => {
      const answer = answerOf(child);
      child.send(what);
      return answer;
    },
    stop: async (): Promise<void> => {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}

/** One attack by a generator that is started for it. */
export async function runClient(order: ClientOrder): Promise<ClientReport> {
  const child = pinned(CLIENT_CORE, "load-client-process.ts", JSON.stringify(order));
  const gone = once(child, "exit");
  const report = (await answerOf(child)) as ClientReport;
  child.disconnect();
  await gone;
  return report;
}

/** A Node process on one core, with the options of the product's door. */
function pinned(core: number, file: string, argument: string): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const node = [process.execPath, "--max-semi-space-size=8", path, argument];
  return spawn("taskset", ["-c", String(core), ...node], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)} before it had answered`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as unknown[];
  return message;
}
