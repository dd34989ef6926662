import type { CloudPlace, Clock, HostNotice, InventorySettings, Log } from "../domain/index.ts";
import { wait } from "../domain/index.ts";
import { Loop } from "./alarm-loop.ts";

/** Where notices that hosts will go come from. */
export interface NoticeWorld {
  readonly queue: {
    /** @throws CloudError */
    receive(
      place: CloudPlace,
      queueArn: string,
      waitMs: number,
      signal: AbortSignal,
    ): Promise<readonly { readonly body: string; readonly receipt: string }[]>;
    /** @throws CloudError */
    done(place: CloudPlace, queueArn: string, receipt: string, signal: AbortSignal): Promise<void>;
  };
  /** `undefined`: the message is about something else. */
  parse(body: string): HostNotice | undefined;
  readonly metadata: {
    /** @throws CloudError */
    notices(signal: AbortSignal): Promise<readonly HostNotice[]>;
  };
}

const LONG_POLL_MS = 20_000;
/** Between two looks into a queue that answers at once. */
const BETWEEN_MS = 50;
const RETRY_MS = 15_000;
/** A spot instance has two minutes: AWS advises to look every five seconds. */
const METADATA_MS = 5_000;

/** Listens for notices; each is told once. */
export class HostNotices {
  readonly #loops: Loop[] = [];
  readonly #seen = new Map<string, string>();
  readonly #onNotice: (notice: HostNotice) => void;
  readonly #log: Log;

  constructor(options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly world: NoticeWorld;
    readonly events: InventorySettings["events"];
    readonly onNotice: (notice: HostNotice) => void;
  }) {
    const { clock, log, world, events } = options;
    this.#onNotice = options.onNotice;
    this.#log = log;
    const { queue } = events;
    if (queue !== undefined)
      this.#start(clock, `reading queue ${queue}`, BETWEEN_MS, (signal) => this.#empty(queue, world, signal));
    if (events.metadata)
      this.#start(clock, "asking the instance metadata", METADATA_MS, async (signal) => {
        for (const one of await world.metadata.notices(signal)) this.#tell(one);
      });
  }

  /** What does not work, one sentence each. */
  troubles(): string[] {
    return this.#loops.flatMap((one) => one.trouble ?? []);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((one) => one.stop()));
  }

  #start(clock: Clock, name: string, everyMs: number, work: (signal: AbortSignal) => Promise<void>): void {
    const loop = new Loop(name, clock, this.#log);
    this.#loops.push(loop);
    loop.start(work, { firstMs: 0, retryMs: RETRY_MS, next: (signal) => wait(clock, everyMs, signal) });
  }

  async #empty(arn: string, world: NoticeWorld, signal: AbortSignal): Promise<void> {
    const { queue } = world;
    const place = { region: arn.split(":")[3], roleArn: undefined };
    for (const { body, receipt } of await queue.receive(place, arn, LONG_POLL_MS, signal)) {
      const notice = world.parse(body);
      if (notice === undefined)
        this.#log.warn("a message in the queue of host notices is about something else", { queue: arn });
      else this.#tell(notice);
      await queue.done(place, arn, receipt, signal);
    }
  }

  #tell(notice: HostNotice): void {
    // An instance may stop more than once: of its states the last one counts.
    const key = `${notice.kind} ${notice.instance}`;
    const what = JSON.stringify([notice.at, notice.state]);
    if (this.#seen.get(key) === what) return;
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(key, what);
    this.#onNotice(notice);
  }
}

/** Notices that are known again. */
const MAX_SEEN = 10_000;
