import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

const DOOR = fileURLToPath(new URL("../../src/cli/corewatch.mjs", import.meta.url));
/** Longest wait for a program that was asked to end, ms. */
const END_MS = 25_000;

/** Everything that runs: none outlives the process of the tests. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** What a program sees of its surroundings. */
export interface Surroundings {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One `corewatch …` in a process of its own. */
export class Program {
  readonly args: readonly string[];
  readonly ended: Promise<number | null>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;

  constructor(args: readonly string[], { directory, env }: Surroundings) {
    this.args = args;
    const child = spawn(process.execPath, [DOOR, ...args], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", HOME: directory, ...env },
    });
    this.#child = child;
    running.add(child);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        running.delete(child);
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return running.has(this.#child);
  }

  /** Waits until its log says so. */
  async logged(pattern: RegExp, ms = 15_000): Promise<RegExpExecArray> {
    const what = `corewatch ${this.args[0] ?? ""} to log ${pattern.source}`;
    return until(what, ms, () => {
      const match = pattern.exec(this.stderr);
      if (match === null && !this.isRunning) throw new Error(`waiting for ${what}: it ended\n${this.stderr}`);
      return match ?? undefined;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** SIGTERM, as a supervisor ends it; resolves with its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    const code = await this.ended;
    clearTimeout(late);
    return code;
  }
}

/** A running `corewatch start`. */
export class Daemon extends Program {
  url = "";

  constructor(surroundings: Surroundings, args: readonly string[] = []) {
    super(["start", "--config", "fleet.yaml", "--listen", "127.0.0.1:0", ...args], surroundings);
  }

  /** Waits until it watches. */
  async ready(): Promise<this> {
    const [, url = ""] = await this.logged(/health at (\S+)\/healthz/);
    this.url = url;
    return this;
  }

  /** What /readyz says. */
  async readiness(): Promise<{ status: number; ready: boolean; problems: string[] }> {
    const answer = await fetch(`${this.url}/readyz`);
    return { status: answer.status, ...((await answer.json()) as { ready: boolean; problems: string[] }) };
  }

  /** The sum over all labels of one metric. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    let sum = 0;
    for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))) sum += Number(value);
    return sum;
  }
}
