import type { KnownCore } from "../domain/index.ts";

/** What the inventory counts, since the start. */
export interface InventoryNumbers {
  /** Cores that are known. */
  readonly found: number;
  readonly leaving: number;
  readonly starting: number;
  /** Deployments whose last read failed. */
  readonly stale: number;
  readonly events: number;
  readonly timeToHealthyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Cores by what is expected of them. */
export function countCores(known: readonly KnownCore[]): Pick<InventoryNumbers, "found" | "leaving" | "starting"> {
  const stay = known.filter(({ state }) => state !== "leaving" && state !== "draining");
  return {
    found: known.length,
    leaving: known.length - stay.length,
    starting: stay.filter(({ readyAt }) => readyAt === null).length,
  };
}
