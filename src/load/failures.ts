import type { ThreadHealth } from "./worker-messages.ts";

/** Different reasons that are kept: they come from outside. */
const MAX_KINDS = 64;
const MAX_CHARACTERS = 200;
const TOLD = 5;

/** Why requests got no answer, counted: shots only say how. */
export class Failures {
  readonly #counts = new Map<string, number>();

  add(detail: string): void {
    const known = detail.length > MAX_CHARACTERS ? `${detail.slice(0, MAX_CHARACTERS)}…` : detail;
    const count = this.#counts.get(known);
    if (count !== undefined || this.#counts.size < MAX_KINDS) this.#counts.set(known, (count ?? 0) + 1);
  }

  clear(): void {
    this.#counts.clear();
  }

  /** The most frequent ones. */
  most(): ThreadHealth["failures"] {
    return [...this.#counts]
      .map(([detail, count]) => ({ detail, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, TOLD);
  }
}
