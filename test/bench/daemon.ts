import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { family, type Usage, usage } from "./usage.ts";

/** The program's door, started as npx starts it: by its own first line. */
export const DOOR = fileURLToPath(new URL("../../src/cli/corewatch.mjs", import.meta.url));

/** A folder with a fleet.yaml, and a daemon over it in a process of its own. */
export class BenchDaemon {
  readonly directory: string;
  readonly config: string;
  #child: ChildProcess | undefined;
  #log = "";
  #url = "";

  constructor(fleet: string) {
    this.directory = mkdtempSync(join(tmpdir(), "corewatch-bench-"));
    this.config = join(this.directory, "fleet.yaml");
    writeFileSync(this.config, fleet);
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(DOOR, ["start", "--config", this.config, "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, COREWATCH_LOG_FORMAT: "text", ...env },
    });
    this.#child = child;
    child.stderr?.setEncoding("utf8");
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-20_000);
        const url = /health at (\S+)\/healthz/.exec(this.#log)?.[1];
        if (url !== undefined) {
          this.#url = url;
          resolve();
        }
      });
      child.once("exit", (code) => reject(new Error(`the daemon ended with ${code}: ${this.#log}`)));
    });
  }

  /** CPU and memory of the daemon and of its embedded Postgres. */
  usage(): Usage {
    return usage(family(this.#child?.pid ?? 0, this.#serverPids()));
  }

  /** The embedded server may not be a child: it outlives the process that started it by design. */
  #serverPids(): number[] {
    const places = [join(this.directory, ".corewatch")];
    const pointer = join(this.directory, ".corewatch", "store.json");
    if (existsSync(pointer)) {
      const named = JSON.parse(readFileSync(pointer, "utf8")) as Record<string, unknown>;
      for (const value of Object.values(named))
        if (typeof value === "string" && value.startsWith("/")) places.push(value);
    }
    const pids: number[] = [];
    for (const place of places) {
      for (const file of ["postmaster.pid", "data/postmaster.pid", "postgres/postmaster.pid"]) {
        const path = join(place, file);
        if (existsSync(path)) pids.push(Number(readFileSync(path, "utf8").split("\n")[0]));
      }
    }
    return pids;
  }

  /** The daemon's own numbers, by metric name and labels as in the Prometheus text. */
  async metrics(): Promise<Map<string, number>> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const found = new Map<string, number>();
    for (const line of text.split("\n")) {
      const match = /^(\w+(?:\{[^}]*\})?) ([\d.eE+-]+)$/.exec(line);
      if (match?.[1] !== undefined) found.set(match[1], Number(match[2]));
    }
    return found;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The sum of all series of one metric. */
export function total(metrics: ReadonlyMap<string, number>, name: string): number {
  let sum = 0;
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) sum += value;
  return sum;
}
