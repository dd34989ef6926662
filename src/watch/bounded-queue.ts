/** Items that wait in order, within a bound of count and weight: the oldest go first when there are too many. */
export class BoundedQueue<Item> {
  readonly #limit: { readonly items: number; readonly weight: number };
  readonly #weigh: (item: Item) => number;
  #items: Item[] = [];
  #head = 0;
  /** How many items ever left from the front: the sequence number of the first one that waits. */
  #gone = 0;
  #weight = 0;
  #dropped = 0;

  constructor(limit: { readonly items: number; readonly weight: number }, weigh: (item: Item) => number) {
    this.#limit = limit;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** How many were lost for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    while (this.size > this.#limit.items || this.#weight > this.#limit.weight) {
      this.#shift();
      this.#dropped++;
    }
  }

  /** The first `count` items, which stay until {@link done} is called with `upTo`. */
  peek(count: number): { readonly items: readonly Item[]; readonly upTo: number } {
    const items = this.#items.slice(this.#head, this.#head + count);
    return { items, upTo: this.#gone + items.length };
  }

  /** Takes out what was peeked at, as far as it is still there. */
  done(upTo: number): void {
    while (this.#gone < upTo && this.size > 0) this.#shift();
  }

  #shift(): void {
    const item = this.#items[this.#head];
    if (item !== undefined) this.#weight -= this.#weigh(item);
    this.#head++;
    this.#gone++;
    if (this.#head > 4_096 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
