import { SweepEngine } from "../../checks/sweep.ts";
import { seriesKey } from "../../src/domain/index.ts";
import type { Fleet, Health, Outcome, Reason } from "../../src/domain/index.ts";
import { Watcher } from "../../src/watch/watcher.ts";
import type { WatcherOptions } from "../../src/watch/watcher.ts";
import { allKinds, clockPorts } from "../checks/support.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";
import { FakeTicker } from "../fakes/ticker.ts";

/** What probes find, by series key; `up` for all that is not said. */
export class World {
  readonly asked: { readonly key: string; readonly at: number }[] = [];
  readonly #said = new Map<string, { readonly outcome: Outcome; readonly ms: number }>();
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** From now on probes of `key` find this after `ms`. */
  say(key: string, health: Health, reason: Reason, ms = 2, more: Partial<Outcome> = {}): void {
    this.#said.set(key, { outcome: { health, reason, detail: reason, measures: {}, ...more }, ms });
  }

  well(key: string): void {
    this.#said.delete(key);
  }

  probe(key: string): Promise<Outcome> {
    this.asked.push({ key, at: this.#clock.now() });
    const { outcome, ms } = this.#said.get(key) ?? { outcome: WELL, ms: 2 };
    return new Promise((resolve) => void this.#clock.after(ms, () => resolve(outcome)));
  }
}

const WELL: Outcome = { health: "up", reason: "ok", detail: "", measures: {}, phases: { dns: 1, total: 2 } };

/** A watcher over a simulated world, in virtual time. */
export function watchRig(fleet: Fleet, more: Partial<WatcherOptions> = {}) {
  const clock = new FakeClock("2026-11-21T08:00:03Z");
  const world = new World(clock);
  const store = new FakeStore(clock);
  const log = recordingLog();
  const watcher = new Watcher({
    clock,
    log,
    store,
    ticker: new FakeTicker(clock),
    ports: clockPorts(clock),
    fleet,
    engine: (options) => {
      const engine = new SweepEngine({ ...options, probes: allKinds((input) => world.probe(String(input))) });
      return {
        setTasks: (tasks, settingsOf) =>
          engine.setTasks(
            tasks.map((task) => ({ ...task, input: seriesKey(task.target, task.check) })),
            settingsOf,
          ),
        probeNow: (keys) => engine.probeNow(keys),
        start: () => engine.start(),
        stop: () => engine.stop(),
        stats: () => engine.stats(),
      };
    },
    ...more,
  });
  return {
    clock,
    world,
    store,
    log,
    watcher,
    /** Stops it, letting virtual time pass. */
    end: async (): Promise<void> => {
      const stopped = watcher.stop();
      await clock.advance(6_000);
      await stopped;
    },
  };
}
