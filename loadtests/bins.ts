/** Length of a bin, ms: fine enough to show bursts that a service feels, coarse enough to hold ten requests at 1,000/s. */
const BIN_US = 10_000;
const CHUNK_BINS = 8192;
const HIGHEST_COUNT = 0xffff;

/**
 * How many events fell into each 10 ms since the stage began. Kept whole (two bytes a bin, 720 KB an hour), since records come in
 * the order of answers, seconds after their sending and from several threads: only whole bins add up to the truth.
 */
export class Bins {
  readonly #chunks: Uint16Array[] = [];
  #length = 0;

  /** An event at this moment, µs. */
  add(us: number): void {
    const bin = Math.floor(us / BIN_US);
    const chunk = this.#chunk(Math.floor(bin / CHUNK_BINS));
    const at = bin % CHUNK_BINS;
    const count = chunk[at] ?? 0;
    if (count < HIGHEST_COUNT) chunk[at] = count + 1;
    if (bin >= this.#length) this.#length = bin + 1;
  }

  merge(other: Bins): void {
    for (const [index, from] of other.#chunks.entries()) {
      const chunk = this.#chunk(index);
      for (let i = 0; i < CHUNK_BINS; i++) chunk[i] = Math.min(HIGHEST_COUNT, (chunk[i] ?? 0) + (from[i] ?? 0));
    }
    this.#length = Math.max(this.#length, other.#length);
  }

  /** Variance over mean of the bins from the first to `endUs`, whole ones only; 0 when there are none or nothing is in them. */
  dispersion(endUs: number): number {
    const bins = Math.min(Math.floor(endUs / BIN_US), this.#chunks.length * CHUNK_BINS);
    let sum = 0;
    let squares = 0;
    for (let bin = 0; bin < bins; bin++) {
      const count = this.#at(bin);
      sum += count;
      squares += count * count;
    }
    if (sum === 0) return 0;
    const mean = sum / bins;
    return (squares / bins - mean * mean) / mean;
  }

  /** Events up to the end of the bin after the one that `us` lies in. */
  upTo(us: number): number {
    const last = Math.min(this.#length - 1, Math.floor(us / BIN_US) + 1);
    let sum = 0;
    for (let bin = 0; bin <= last; bin++) sum += this.#at(bin);
    return sum;
  }

  #at(bin: number): number {
    return this.#chunks[Math.floor(bin / CHUNK_BINS)]?.[bin % CHUNK_BINS] ?? 0;
  }

  #chunk(index: number): Uint16Array {
    while (this.#chunks.length <= index) this.#chunks.push(new Uint16Array(CHUNK_BINS));
    const chunk = this.#chunks[index];
    if (chunk === undefined) throw new Error("unreachable: the chunk was just made");
    return chunk;
  }
}
