import { Worker } from "node:worker_threads";
import { TargetFailure } from "../domain/index.ts";
import type { WorkerCommand, WorkerOrder, WorkerWord } from "./worker-messages.ts";

/**
 * Memory of a thread: young objects die at once, so eight megabytes for them are enough (as for the main thread); what a scenario
 * holds (sessions) and what is in flight stays far below the rest.
 */
const LIMITS = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 };

type Answer = Exclude<WorkerWord, { readonly type: "shots" }>;

/** One thread of the generator, seen from the main thread. It is asked one thing at a time; what is asked meanwhile waits. */
export class LoadThread {
  readonly #worker: Worker;
  readonly #number: number;
  #asked: Promise<unknown> = Promise.resolve();
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;
  #dead: Error | undefined;
  /** Gets the records that the thread sends. */
  onShots: (records: Uint8Array) => void = () => undefined;

  constructor(file: URL, order: WorkerOrder) {
    this.#number = order.thread + 1;
    this.#worker = new Worker(file, {
      workerData: order,
      name: `load ${this.#number}`,
      // Its own options: those of the main thread may be ones that a thread cannot have. Types are stripped without any.
      execArgv: ["--disable-warning=ExperimentalWarning"],
      // A thread needs nothing of the environment, and the secrets in it are none of its business.
      env: {},
      resourceLimits: LIMITS,
    });
    this.#worker.on("message", (word: WorkerWord) => {
      if (word.type === "shots") this.onShots(word.records);
      else this.#answer(word);
    });
    this.#worker.on("error", (error) => this.#die(error instanceof Error ? error.message : String(error)));
    this.#worker.on("exit", () => this.#die("it ended"));
  }

  /** Tells it something that has no answer. */
  tell(command: WorkerCommand): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread knows no origins
    this.#worker.postMessage(command);
  }

  /** Its next answer. @throws Error when it failed or died */
  answer(command?: WorkerCommand): Promise<Answer> {
    // At once when nothing is asked: what is told right after must come second.
    const answer = this.#waiting === undefined ? this.#ask(command) : this.#asked.then(() => this.#ask(command));
    this.#asked = answer.catch(() => undefined);
    return answer;
  }

  #ask(command: WorkerCommand | undefined): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (command !== undefined) this.tell(command);
    });
  }

  async end(): Promise<void> {
    this.#die("it was stopped");
    await this.#worker.terminate();
  }

  #answer(word: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (word.type === "failed")
      waiting?.reject(word.byTarget ? new TargetFailure(word.detail) : new Error(word.detail));
    else waiting?.resolve(word);
  }

  #die(why: string): void {
    if (this.#dead !== undefined) return;
    this.#dead = new Error(`thread ${this.#number} of the load generator died: ${why}`);
    this.#waiting?.reject(this.#dead);
    this.#waiting = undefined;
  }
}
