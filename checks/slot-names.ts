/** A step back of the wall clock up to this is not a new time: the judge would take what follows for repeats. */
const SET_BACK_MS = 10 * 60_000;

/**
 * Names slots so that no name is given twice, whatever the wall clock does. A name is the slot's start, save after a
 * step back:
 * - by up to ten minutes: names go on 1 ms apart from the last one until the clock has caught up, so that probing and
 *   judging go on meanwhile;
 * - by more: the clock was really set; slots that come again are named 1 ms (the second time 2 ms, …) after their start.
 */
export class SlotNames {
  #highest = -Infinity;
  #last = -Infinity;
  #repeats = 0;

  /** The name of the slot that begins now at `slot` (epoch ms). */
  of(slot: number): number {
    if (slot > this.#highest) {
      this.#highest = slot;
      this.#repeats = 0;
      this.#last = slot;
    } else if (slot > this.#last) {
      this.#last = slot + this.#repeats;
    } else if (slot >= this.#last - SET_BACK_MS) {
      this.#last += 1;
    } else {
      this.#repeats += 1;
      this.#last = slot + this.#repeats;
    }
    return this.#last;
  }
}
