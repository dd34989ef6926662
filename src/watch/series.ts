import { judge, unseen } from "../../checks/judge.ts";
import type { Judgement } from "../../checks/judge.ts";
import type { Task } from "../../checks/check.ts";
import { isBad, seriesKey } from "../domain/index.ts";
import type {
  CheckKind,
  CheckSettings,
  Health,
  Observation,
  Reason,
  SeriesKey,
  SeriesState,
  Target,
} from "../domain/index.ts";
import type { SeriesView } from "../incidents/picture.ts";

/** Observations kept for judging again on top of what another process stored. */
const MAX_PENDING = 20;

/** One series as the running platform holds it: a view for diagnosis, and what is not stored yet. */
export class Series implements SeriesView {
  readonly key: SeriesKey;
  readonly target: Target;
  readonly check: CheckKind;
  settings: CheckSettings;
  state: SeriesState;
  latest: Observation | undefined = undefined;
  /** Judged since the state was last stored. */
  pending: Observation[] = [];
  /** When the failure that is going on was first seen, monotonic ms. */
  failingSince: number | undefined = undefined;
  /** How many observations ever became pending. */
  #pended = 0;

  constructor(task: Task, settings: CheckSettings, now: number) {
    this.key = seriesKey(task.target, task.check);
    this.target = task.target;
    this.check = task.check;
    this.settings = settings;
    this.state = unseen(this.key, now);
  }

  get health(): Health {
    return this.state.health;
  }
  get reason(): Reason {
    return this.state.reason;
  }
  get since(): number {
    return this.state.since;
  }

  /** A place in the row of pending observations: everything until now. */
  get mark(): number {
    return this.#pended;
  }

  /** Judges an observation that came at `now` (monotonic ms). */
  take(observation: Observation, now: number): Judgement {
    const before = this.latest;
    this.latest = observation;
    // The engine names slots in order save when the wall clock was really set back: then what is to come counts.
    if (before !== undefined && observation.slot < before.slot && observation.slot <= this.state.slot) {
      this.state = { ...this.state, slot: observation.slot - 1 };
    }
    const judgement = judge(this.state, observation, this.settings);
    this.state = judgement.state;
    if (judgement.changed || this.pending.length > 0) {
      this.pending.push(observation);
      this.#pended++;
      if (this.pending.length > MAX_PENDING) this.pending.shift();
    }
    if (isBad(observation.health)) this.failingSince ??= now;
    else if (observation.health === "up" && !isBad(this.state.health)) this.failingSince = undefined;
    return judgement;
  }

  /** Takes over what the store holds, when it is newer; what was judged here since is judged again on top of it. `true`: the settled health changed. */
  adopt(stored: SeriesState): boolean {
    if (stored.version === this.state.version) return false;
    const { health } = this.state;
    let state = stored;
    for (const observation of this.pending) state = judge(state, observation, this.settings).state;
    this.state = state;
    // What was judged here is what the store holds already: nothing is left to write.
    if (state === stored) this.pending = [];
    return health !== state.health;
  }

  /** The same for what a decision read; a series that it did not find was never stored (or its row is gone). */
  adoptFrom(states: ReadonlyMap<SeriesKey, SeriesState>): void {
    const stored = states.get(this.key);
    if (stored !== undefined) this.adopt(stored);
    else if (this.state.version !== 0) this.state = { ...this.state, version: 0 };
  }

  /** What was pending at `mark`, and with it the state, is in the store now. */
  stored(mark: number): void {
    const left = this.#pended - mark;
    this.pending = left > 0 ? this.pending.slice(-left) : [];
    this.state = { ...this.state, version: this.state.version + 1 };
  }
}

/** Every series of the fleet. */
export class SeriesBook {
  readonly #series = new Map<SeriesKey, Series>();

  get all(): ReadonlyMap<SeriesKey, Series> {
    return this.#series;
  }

  get(key: SeriesKey): Series | undefined {
    return this.#series.get(key);
  }

  /** Follows a reload: what stays keeps its state, what left is forgotten, what came is unknown. Gives the keys that came. */
  plan(tasks: readonly Task[], settingsOf: (kind: CheckKind) => CheckSettings, now: number): SeriesKey[] {
    const keys = new Set(tasks.map((task) => seriesKey(task.target, task.check)));
    for (const key of this.#series.keys()) if (!keys.has(key)) this.#series.delete(key);
    const fresh: SeriesKey[] = [];
    for (const task of tasks) {
      const key = seriesKey(task.target, task.check);
      const known = this.#series.get(key);
      if (known !== undefined) known.settings = settingsOf(task.check);
      else {
        this.#series.set(key, new Series(task, settingsOf(task.check), now));
        fresh.push(key);
      }
    }
    return fresh;
  }

  /** Takes over stored states. `true`: a settled health changed. */
  adopt(states: Iterable<SeriesState>): boolean {
    let changed = false;
    for (const state of states) if (this.#series.get(state.key)?.adopt(state) === true) changed = true;
    return changed;
  }

  /** Series with something that is not stored. */
  unstored(): Series[] {
    return [...this.#series.values()].filter((series) => series.pending.length > 0);
  }
}
