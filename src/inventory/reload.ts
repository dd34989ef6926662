import { createHash } from "node:crypto";
import type { Clock, Fleet, Log, Service, Timer } from "../domain/index.ts";
import { type Change, diffFleets } from "./diff.ts";
import { parseEnvFile } from "./env-file.ts";
import { type LoadOptions, type LoadResult, loadFleet } from "./load.ts";
import type { Located } from "./located.ts";
import { readText } from "./references.ts";
import { renderErrors } from "./render.ts";

/** Tells when the file at a path was changed, replaced, removed or came into being. It looks at the path, not at the file behind it, so that a swapped link is seen. */
export interface FileWatch {
  watch(path: string, onChange: () => void): { stop(): void };
}

/** What became of one look at the file. */
export type ReloadOutcome = "accepted" | "rejected" | "unchanged";

/** What watching a configuration needs. `env` is the process's environment, over which the env file is laid. */
export interface FleetFileOptions extends Omit<LoadOptions, "text" | "now" | "file"> {
  /** Where the configuration is read and watched. */
  readonly file: string;
  /** `--env-file`: read again and watched with it. */
  readonly envFile?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly fileWatch: FileWatch;
  /** What the process started with. */
  readonly initial: LoadResult & { readonly ok: true };
  /** Called with each new good configuration; also, without changes, when a rejected one was put back as it was. */
  readonly onFleet: (
    fleet: Fleet,
    changes: readonly Change[],
    loaded: LoadResult & { readonly ok: true },
  ) => void | Promise<void>;
  /** Called once for each distinct bad content. The fleet stays what it was. */
  readonly onRejected: (errors: readonly Located[]) => void | Promise<void>;
}

/** Editors and mounted volumes write in several steps; what stands in between is nobody's configuration. */
const SETTLE_MS = 250;
/** Largest file of variables. */
const MAX_ENV_BYTES = 1024 * 1024;

/** Watches fleet.yaml and what it refers to. A bad new file changes nothing, and the watching goes on. */
export class FleetFile implements Service {
  readonly #options: FleetFileOptions;
  readonly #watches = new Map<string, { stop(): void }>();
  #current: LoadResult & { readonly ok: true };
  /** Fingerprint of what was last read, good or bad. */
  #seen: string;
  #rejected: readonly Located[] | undefined;
  #settling: Timer | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #running = false;

  constructor(options: FleetFileOptions) {
    this.#options = options;
    this.#current = options.initial;
    this.#seen = options.initial.fingerprint;
  }

  /** The fleet in force. */
  get fleet(): Fleet {
    return this.#current.fleet;
  }

  /** Why the file as it stands is not in force; `undefined` when it is. */
  get rejected(): readonly Located[] | undefined {
    return this.#rejected;
  }

  async start(): Promise<void> {
    this.#running = true;
    this.#watchFiles(this.#current.files);
    // It may have been written between the first load and now.
    await this.reload();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#settling?.clear();
    this.#settling = undefined;
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    await this.#work;
  }

  /** Looks at the file now (SIGHUP). Looks follow each other, never overlap. */
  reload(): Promise<ReloadOutcome> {
    const next = this.#work.then(() => this.#look());
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #look(): Promise<ReloadOutcome> {
    const loaded = this.#load();
    if (this.#running) this.#watchFiles([...loaded.files, ...this.#current.files]);
    if (loaded.fingerprint === this.#seen) return this.#rejected === undefined ? "unchanged" : "rejected";
    this.#seen = loaded.fingerprint;
    return loaded.ok ? this.#accept(loaded) : this.#reject(loaded.errors);
  }

  async #accept(loaded: LoadResult & { readonly ok: true }): Promise<ReloadOutcome> {
    const changes = diffFleets(this.#current.fleet, loaded.fleet);
    this.#current = loaded;
    this.#rejected = undefined;
    this.#options.log.info("configuration loaded", { file: this.#options.path, changes: changes.length });
    await this.#options.onFleet(loaded.fleet, changes, loaded);
    return "accepted";
  }

  async #reject(errors: readonly Located[]): Promise<ReloadOutcome> {
    this.#rejected = errors;
    const text = renderErrors(errors);
    this.#options.log.error(`configuration rejected, the last good one stays in force:\n${text}`, {
      errors: errors.length,
    });
    await this.#options.onRejected(errors);
    return "rejected";
  }

  #load(): LoadResult {
    const { envFile, readFile, clock } = this.#options;
    if (envFile === undefined) return loadFleet({ ...this.#options, now: clock.now() });
    const read = readText(readFile, envFile, MAX_ENV_BYTES);
    if (!read.ok) {
      const place = { severity: "error", file: envFile, line: 1, column: 1, path: "" } as const;
      return unreadable(
        [{ ...place, message: `the file of variables ${read.message}`, hint: read.hint }],
        read.message,
      );
    }
    const parsed = parseEnvFile(read.text, envFile);
    if (!parsed.ok) return unreadable(parsed.errors, read.text);
    return loadFleet({ ...this.#options, env: { ...this.#options.env, ...parsed.values }, now: clock.now() });
  }

  #watchFiles(referenced: readonly string[]): void {
    const { file, envFile, fileWatch } = this.#options;
    const wanted = new Set([file, ...(envFile === undefined ? [] : [envFile]), ...referenced]);
    for (const [path, watch] of this.#watches) {
      if (wanted.has(path)) continue;
      watch.stop();
      this.#watches.delete(path);
    }
    for (const path of wanted) {
      if (!this.#watches.has(path))
        this.#watches.set(
          path,
          fileWatch.watch(path, () => this.#changed()),
        );
    }
  }

  #changed(): void {
    if (!this.#running) return;
    this.#settling?.clear();
    this.#settling = this.#options.clock.after(SETTLE_MS, () => {
      this.reload().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.error("a new configuration could not be put in force", { reason });
      });
    });
  }
}

function unreadable(errors: readonly Located[], content: string): LoadResult {
  const fingerprint = createHash("sha256").update(`env-file\n${content}`).digest("hex");
  return { ok: false, errors, warnings: [], redact: [], hash: "", files: [], fingerprint };
}
