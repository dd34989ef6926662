import type { Clock, Log, Store } from "../../src/domain/index.ts";
import { Redactor } from "../../src/domain/index.ts";
import { openStore } from "../../src/store/index.ts";
import { systemClock } from "../../src/system/clock.ts";

/** A log that nobody reads. */
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** A store of fleet `acme` at `url`. */
export function storeAt(
  url: string,
  given: { fleet?: string; clock?: Clock; secrets?: string[] } = {},
): Promise<Store> {
  const redactor = new Redactor();
  redactor.add(...(given.secrets ?? []));
  return openStore({
    url,
    fleet: given.fleet ?? "acme",
    clock: given.clock ?? systemClock,
    log: quiet,
    redact: (text) => redactor.redact(text),
  });
}
