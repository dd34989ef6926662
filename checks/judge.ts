import { isBad, seriesKey } from "../src/domain/index.ts";
import type { CheckSettings, Observation, SeriesKey, SeriesState } from "../src/domain/index.ts";

/** What one observation changed. */
export interface Judgement {
  /** The state after it: the very same object when nothing changed, so that steady targets cost no write. */
  readonly state: SeriesState;
  /** `true`: the state has to be kept. */
  readonly changed: boolean;
  /** The settled health crossed between good and bad. */
  readonly turned: "bad" | "good" | null;
  /** The first bad observation of a series that was not bad and had none pending: time to ask the other witnesses. */
  readonly firstBad: boolean;
}

/** An observation this much older than what was judged last means that the clock was really set back. */
const SET_BACK_MS = 10 * 60_000;

/**
 * Judges one observation. A series turns bad when at least `failures` of its last `window` known observations are bad
 * and the newest is; it turns good after `successes` good ones in a row. `unknown` observations change nothing, nor does
 * one whose slot was judged already. A run of nothing but good ones is kept as an empty `recent`: it means the same, and
 * makes the steady state one object that never changes (its `slot` then is that of the last change).
 */
export function judge(
  state: SeriesState | undefined,
  observation: Observation,
  settings: Pick<CheckSettings, "failures" | "successes" | "window">,
): Judgement {
  const known = state ?? fresh(observation);
  if (observation.health === "unknown" || isStale(known, observation.slot)) return unchanged(known);
  return isBad(observation.health) ? judgeBad(known, observation, settings) : judgeGood(known, observation, settings);
}

/** The state of a series before any verdict; `version` 0 has never been stored. */
export function unseen(key: SeriesKey, at: number): SeriesState {
  return { key, health: "unknown", reason: "not-seen-yet", since: at, recent: [], goods: 0, slot: 0, version: 0 };
}

function fresh(observation: Observation): SeriesState {
  return unseen(seriesKey(observation.target, observation.check), observation.at);
}

function isStale(state: SeriesState, slot: number): boolean {
  return slot <= state.slot && slot >= state.slot - SET_BACK_MS;
}

function unchanged(state: SeriesState): Judgement {
  return { state, changed: false, turned: null, firstBad: false };
}

function judgeBad(
  state: SeriesState,
  observation: Observation,
  { failures, window }: Pick<CheckSettings, "failures" | "window">,
): Judgement {
  const { health, reason, slot, at } = observation;
  if (isBad(state.health)) {
    if (state.health === health && state.reason === reason && state.goods === 0) return unchanged(state);
    const since = state.health === health ? state.since : at;
    return {
      state: { ...state, health, reason, since, recent: [], goods: 0, slot },
      changed: true,
      turned: null,
      firstBad: false,
    };
  }
  const recent = [...state.recent, true].slice(-Math.max(window, failures));
  const firstBad = !state.recent.includes(true);
  if (count(recent) >= failures) {
    const settled = { ...state, health, reason, since: at, recent: [], goods: 0, slot };
    return { state: settled, changed: true, turned: "bad", firstBad };
  }
  return { state: { ...state, recent, goods: 0, slot }, changed: true, turned: null, firstBad };
}

function judgeGood(
  state: SeriesState,
  observation: Observation,
  { failures, successes, window }: Pick<CheckSettings, "failures" | "successes" | "window">,
): Judgement {
  const { slot, at, reason } = observation;
  const goods = Math.min(state.goods + 1, successes);
  if (isBad(state.health)) {
    if (goods < successes) {
      return { state: { ...state, goods, recent: [], slot }, changed: true, turned: null, firstBad: false };
    }
    const settled: SeriesState = { ...state, health: "up", reason, since: at, recent: [], goods, slot };
    return { state: settled, changed: true, turned: "good", firstBad: false };
  }
  if (state.health === "up" && state.recent.length === 0) return unchanged(state);
  const pending = state.recent.length === 0 ? [] : [...state.recent, false].slice(-Math.max(window, failures));
  const recent = pending.includes(true) ? pending : [];
  const since = state.health === "up" ? state.since : at;
  return {
    state: { ...state, health: "up", reason, since, recent, goods, slot },
    changed: true,
    turned: null,
    firstBad: false,
  };
}

function count(recent: readonly boolean[]): number {
  let bad = 0;
  for (const one of recent) if (one) bad++;
  return bad;
}
