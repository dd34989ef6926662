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
