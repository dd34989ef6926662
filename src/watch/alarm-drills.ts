import { drillNonce, type DrillResult, type DrillTrace } from "../../alarms/drill-run.ts";
import { StoreUnavailable } from "../domain/index.ts";
import type { AlarmEvent, Clock, Diagnosis, FactStore, Fleet, Log } from "../domain/index.ts";
import { DRILL_DELIVERED, DRILL_LAST, DRILL_TRACE } from "./alarm-facts.ts";

/** What telling people of a drill came to. */
export type Told = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** What {@link DrillDesk} needs. */
export interface DrillDeskOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FactStore;
  /** Tells people; `undefined` where there is no chat. */
  readonly tell: ((text: string, nonce: string) => Promise<Told | undefined>) | undefined;
}

/** Drills that this process remembers. */
const MAX_TRACES = 20;
const MAX_SENTENCES = 6;

/** Takes in what drills set off: tells people that it is a drill, and keeps how far it got for whoever began it. */
export class DrillDesk {
  readonly #options: DrillDeskOptions;
  readonly #traces = new Map<string, DrillTrace>();

  constructor(options: DrillDeskOptions) {
    this.#options = options;
  }

  /** `true` when the change is a drill's, or its alarm going back: then it is nobody's incident. */
  async take(event: AlarmEvent, publishedAt: number | null): Promise<boolean> {
    const nonce = drillNonce(event.reason);
    if (nonce === undefined) return false;
    if (event.state !== "ALARM" || this.#traces.has(nonce)) return true;
    const { clock, log } = this.#options;
    const trace: DrillTrace = {
      nonce,
      via: event.via,
      publishedAt,
      receivedAt: clock.now(),
      toldAt: null,
      error: null,
    };
    this.#remember(trace);
    // Another process of this fleet may have had it from its own source.
    if ((await this.trace(nonce, true)) !== undefined) return true;
    await this.#keep(trace);
    log.info(`drill ${nonce}: alarm "${event.name}" of ${event.region} arrived by ${event.via}`);
    const told = await this.#tell(event, nonce);
    if (told === undefined) return true;
    await this.#keep({ ...trace, ...(told.ok ? { toldAt: clock.now() } : { error: told.error }) });
    return true;
  }

  /** What is known of a drill here, or by the daemon beside this command. `others`: only what another process knows. */
  async trace(nonce: string, others = false): Promise<DrillTrace | undefined> {
    const here = this.#traces.get(nonce);
    if (here !== undefined && !others) return here;
    try {
      const fact = await this.#options.store.getFact(DRILL_TRACE);
      return isTrace(fact) && fact.nonce === nonce ? fact : undefined;
    } catch (error) {
      if (error instanceof StoreUnavailable) return undefined;
      throw error;
    }
  }

  async #tell(event: AlarmEvent, nonce: string): Promise<Told | undefined> {
    const way = { sns: "over HTTPS from SNS", sqs: "through its queue", poll: "by asking CloudWatch" }[event.via];
    const text =
      `DRILL, nothing is wrong: corewatch set CloudWatch alarm "${event.name}" (${event.region}) to ALARM to see that ` +
      `alarms reach you. It arrived ${way}. Nobody has to do anything. [${nonce}]`;
    return this.#options.tell?.(text, nonce);
  }

  #remember(trace: DrillTrace): void {
    this.#traces.set(trace.nonce, trace);
    for (const nonce of [...this.#traces.keys()].slice(0, -MAX_TRACES)) this.#traces.delete(nonce);
  }

  async #keep(trace: DrillTrace): Promise<void> {
    this.#remember(trace);
    try {
      await this.#options.store.putFact(DRILL_TRACE, trace);
    } catch (error) {
      this.#options.log.warn("how far the drill got could not be kept: who began it elsewhere does not see it", {
        error,
      });
    }
  }
}

/**
 * Keeps how a drill went, so that the daemon tells of a path that does not deliver. One that could not be begun says
 * nothing of the path. @throws StoreUnavailable
 */
export async function recordDrill(store: FactStore, result: DrillResult): Promise<void> {
  if (result.outcome !== "unknown") await store.putFact(DRILL_LAST, result);
  if (result.outcome === "delivered") await store.putFact(DRILL_DELIVERED, result.at);
}

/** How the last drill went that could be begun; `undefined` when there was none. @throws StoreUnavailable */
export async function lastDrill(store: FactStore): Promise<DrillResult | undefined> {
  const fact = await store.getFact(DRILL_LAST);
  return isResult(fact) ? fact : undefined;
}

/** The incident of a path that does not deliver; `undefined` while it does, or nothing is known of it. */
export function pathBroken(fleet: Fleet, last: DrillResult | undefined): Diagnosis | undefined {
  if (last === undefined || last.outcome === "delivered" || last.outcome === "unknown") return undefined;
  return {
    scope: { kind: "alarm-path", id: fleet.name },
    deployment: null,
    cause: "alarm-path-broken",
    severity: "major",
    signIn: "unknown",
    evidence: [
      "Found by a drill: nothing is wrong with the fleet.",
      ...last.problems.slice(0, MAX_SENTENCES).map((one) => `Drill: ${one}.`),
    ],
    affected: [],
  };
}

function isTrace(value: unknown): value is DrillTrace {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "nonce") === "string";
}

function isResult(value: unknown): value is DrillResult {
  if (typeof value !== "object" || value === null) return false;
  const problems: unknown = Reflect.get(value, "problems");
  return typeof Reflect.get(value, "outcome") === "string" && Array.isArray(problems);
}
