import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FromCore, ToCore } from "./core-process.ts";
import type { CoreOptions } from "./core-options.ts";

const STOP_MS = 3_000;
const FROZEN_GUARD = 'read _; kill -KILL "$1" 2>/dev/null';

/** A process with one core or several: a real one, which can be killed and frozen. */
export class CoreHost {
  #options: readonly CoreOptions[];
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #frozen: ChildProcess | undefined;
  readonly #halted = new Set<string>();

  constructor(options: readonly CoreOptions[]) {
    this.#options = options;
  }

  /** Where the cores are, or will be: ports are settled by the first start. */
  get cores(): readonly CoreOptions[] {
    return this.#options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get state(): "running" | "frozen" | "dead" {
    if (this.#child === undefined) return "dead";
    return this.#frozen === undefined ? "running" : "frozen";
  }

  /** `http://127.0.1.1:3567` of one core. */
  url(id: string): string {
    const core = this.#options.find((options) => options.id === id);
    if (core === undefined) throw new Error(`no core ${id} on this host`);
    return `${core.tls === undefined ? "http" : "https"}://${core.host}:${core.port}`;
  }

  /** Starts the process; resolves when all its cores answer. @throws Error when one cannot start, or the process ends. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const child = fork(processFile(), { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
    this.#child = child;
    this.#halted.clear();
    child.on("message", (message: FromCore) => {
      if ("ready" in message) this.#settle(message.ready.id, message.ready.port);
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => {
        if (this.#child === child) this.#child = undefined;
        this.#release();
        resolve();
      });
    });
    await this.#tell({ start: this.#options }, new Set(this.#options.map((options) => options.id)));
  }

  /** Takes one core of several away: its port is closed, the process goes on. */
  async halt(id: string): Promise<void> {
    if (this.#child === undefined || this.#halted.has(id)) return;
    this.#halted.add(id);
    await this.#tell({ halt: id }, new Set([id]));
  }

  /** Brings a core back that was halted, on its port. */
  async resume(id: string): Promise<void> {
    if (!this.#halted.delete(id)) return;
    await this.#tell({ start: this.#options.filter((options) => options.id === id) }, new Set([id]));
  }

  /** Starts one core more in the running process. */
  async add(options: CoreOptions): Promise<void> {
    this.#options = [...this.#options, options];
    await this.#tell({ start: [options] }, new Set([options.id]));
  }

  /** Whether a core of this host answers, as far as it was told to. */
  serves(id: string): boolean {
    return this.#child !== undefined && this.#frozen === undefined && !this.#halted.has(id);
  }

  /** Sends `message` and waits until the process has said `ready` or `halted` for each of `waiting`. */
  #tell(message: ToCore, waiting: Set<string>): Promise<void> {
    const child = this.#child;
    if (child === undefined) return Promise.reject(new Error("the process of the sandbox cores is not running"));
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        child.off("message", hear);
        child.off("error", end);
        child.off("exit", exited);
        if (error === undefined) resolve();
        else reject(error);
      };
      const hear = (said: FromCore): void => {
        if ("failed" in said) return end(new Error(`a sandbox core cannot start: ${said.failed}`));
        waiting.delete("ready" in said ? said.ready.id : said.halted);
        if (waiting.size === 0) end();
      };
      const exited = (code: number | null, signal: string | null): void =>
        end(new Error(`the process of the sandbox cores ${[...waiting].join(", ")} ended (${signal ?? code})`));
      child.on("message", hear);
      child.once("error", end);
      child.once("exit", exited);
      send(child, message);
    });
  }

  /** As a crash does: SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /** SIGSTOP: connections are accepted by the kernel, and nobody answers. */
  freeze(): void {
    if (this.#frozen !== undefined || this.#child?.pid === undefined) return;
    // A stopped process does not notice that its parent ended: this one does, when its pipe closes.
    this.#frozen = spawn("/bin/sh", ["-c", FROZEN_GUARD, "sandbox-core", String(this.#child.pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#frozen.stdin?.on("error", () => undefined);
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
    this.#release();
  }

  #release(): void {
    this.#frozen?.kill("SIGKILL");
    this.#frozen = undefined;
  }

  /** Ends the process in order, and by SIGKILL when it does not end within 3 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (this.#frozen !== undefined) return this.kill();
    if (child.connected) send(child, { stop: true });
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #settle(id: string, port: number): void {
    this.#options = this.#options.map((options) => (options.id === id ? { ...options, port, portSpread: 0 } : options));
  }
}

/** A process that is already going cannot be told anything; its exit says the rest. */
function send(child: ChildProcess, message: ToCore): void {
  child.send(message, () => undefined);
}

function processFile(): string {
  const source = fileURLToPath(new URL("./core-process.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("./core-process.js", import.meta.url));
}
