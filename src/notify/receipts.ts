import type { Notice, OutboxClaim, Post } from "../domain/index.ts";

/** Ids remembered, so that an older answer of the outbox sends nothing twice. */
const MAX_REMEMBERED = 10_000;

interface Receipt {
  readonly id: number;
  readonly at: number;
  readonly ts: string;
  readonly post: Post | undefined;
}

/** Receipts of what arrived. Each is kept from the moment that the chat gave it until the store has it. */
export class Receipts {
  readonly #unsaved = new Map<number, Receipt>();
  readonly #known = new Set<number>();

  /** Whether the notice arrived through this process. */
  has(id: number): boolean {
    return this.#known.has(id);
  }

  keep(notice: Notice, ts: string, post: Post | undefined, at: number): void {
    this.#unsaved.set(notice.id, { id: notice.id, at, ts, post });
    this.#known.add(notice.id);
    if (this.#known.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#known;
    if (oldest !== undefined && !this.#unsaved.has(oldest)) this.#known.delete(oldest);
  }

  /** Writes what is not written yet. @throws StoreUnavailable, after which it is kept on */
  async save(claim: OutboxClaim): Promise<void> {
    for (const receipt of this.#unsaved.values()) {
      await claim.sent(receipt.id, receipt.at, receipt.ts, receipt.post);
      this.#unsaved.delete(receipt.id);
    }
  }
}
