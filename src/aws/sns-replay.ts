/** Whether a message was here before. Bounded: when it is full, everything as old as what it forgot counts as seen. */
export class ReplayMemory {
  readonly #seen = new Map<string, number>();
  readonly #largest: number;
  #floor = -Infinity;

  /** `largest`: messages that are remembered at most. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** `false` when it was here before. `at` and `oldest` (of what is still taken) are epoch ms. */
  take(id: string, at: number, oldest: number): boolean {
    if (at <= this.#floor || this.#seen.has(id)) return false;
    if (this.#seen.size >= this.#largest) this.#makeRoom(oldest);
    this.#seen.set(id, at);
    return true;
  }

  /** It was not taken after all, and may come again. */
  forget(id: string): void {
    this.#seen.delete(id);
  }

  get size(): number {
    return this.#seen.size;
  }

  #makeRoom(oldest: number): void {
    for (const [id, at] of this.#seen) if (at < oldest) this.#seen.delete(id);
    if (this.#seen.size < this.#largest) return;
    const byAge = [...this.#seen].sort(([, a], [, b]) => a - b);
    // A tenth at once, so that a full memory is not sorted at every message.
    for (const [id, at] of byAge.slice(0, Math.max(1, Math.floor(this.#largest / 10)))) {
      this.#seen.delete(id);
      this.#floor = Math.max(this.#floor, at);
    }
  }
}
