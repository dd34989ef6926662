import type { Outcome } from "../src/domain/index.ts";
import { DEFAULTS, type Check, type ProbeContext } from "./check.ts";
import { judgeHello } from "./hello-answer.ts";
import { askKeySet } from "./key-set.ts";
import { baseOf, get, startWatch, type Address } from "./request.ts";

/** One core, as the deployment's users would reach it. */
export interface HelloInput extends Address {
  readonly deployment: string;
  /** Id of the core within its deployment. */
  readonly core: string;
}

/** `Hello\n`, or the page of whatever else listens there. */
const MAX_BODY_BYTES = 64 << 10;
/** A core's key set is looked at again after this time even where its connection was kept, ms. */
const IDENTITY_EVERY_MS = 60_000;

/**
 * Asks each core itself for /hello.
 *
 * Two traps of the core shape it. It hands out five answers at once and then one every 200 ms, shared by everyone who asks;
 * without a token it says `200 Hello` WITHOUT having looked at its database, and the answer looks the same. So a probe asks
 * once and never again at once to make sure, and a good hello is no proof of the database: `postgres` asks that itself.
 * And with its database gone the core answers 500 only after 5.0 s, so the timeout has to be well above that.
 *
 * Kept connections by default: a dead core breaks them at once, a hanging one is met by the timeout, and once a minute a fresh
 * one proves that the core still accepts and what certificate it shows, at a tenth of the cost of fresh ones throughout.
 */
export const hello: Check<HelloInput> = {
  kind: "hello",
  tells: "Whether each core answers, reaches its database, is the core it should be, and shows a good certificate.",
  defaults: { ...DEFAULTS, schedule: "*/10 * * * * *", connection: "reuse" },

  targets: (fleet) =>
    fleet.deployments.flatMap(({ id, host, tls, cores }) =>
      cores.map((core) => ({
        target: { kind: "core" as const, id: `${id}/${core.id}`, deployment: id },
        input: { deployment: id, core: core.id, base: baseOf(core.url), host, tls },
      })),
    ),

  async probe(input, context) {
    const { connection } = context.settings;
    const left = startWatch(context);
    const result = await get(input, "/hello", { connection, timeoutMs: left(), maxBodyBytes: MAX_BODY_BYTES }, context);
    const outcome = judgeHello(result, `${input.base}/hello`, context.settings, context.clock.now());
    if (!result.ok || outcome.health === "down" || outcome.health === "unknown") return outcome;
    // A connection that had to be made anew may lead to another process; where each one is new, time decides.
    const sameProcess = result.reused || connection === "fresh";
    if (sameProcess && isFresh(input, context)) return outcome;
    const stranger = await findStranger(input, left(), context);
    return stranger === undefined ? outcome : { ...outcome, ...stranger };
  },
};

function isFresh({ deployment, core }: HelloInput, { keySets, clock }: ProbeContext): boolean {
  const at = keySets.recordedAt(deployment, core);
  return at !== undefined && Math.abs(clock.now() - at) < IDENTITY_EVERY_MS;
}

/**
 * A port that was given to another core, or a core on another database (an in-memory one included), says Hello as well; its
 * keys tell. Keys rotate one at a time, so sets of one deployment always overlap.
 */
async function findStranger(
  input: HelloInput,
  timeoutMs: number,
  context: ProbeContext,
): Promise<Pick<Outcome, "health" | "reason" | "detail"> | undefined> {
  const { deployment, core, base } = input;
  const answer = await askKeySet(input, context.settings.connection, timeoutMs, context);
  if (answer.kind === "unreadable") {
    context.trace("the key set could not be read: the core's identity was not checked this time");
    return undefined;
  }
  const kids = answer.kind === "kids" ? answer.kids : [];
  context.keySets.record(deployment, core, kids, context.clock.now());
  const consensus = context.keySets.consensus(deployment);
  if (consensus === undefined || kids.some((kid) => consensus.has(kid))) return undefined;
  const what =
    answer.kind === "kids" ? "serves other signing keys than the deployment's cores" : `answers ${answer.what}`;
  const detail = `${base} says Hello but ${what}: another core or another database is behind this address`;
  return { health: "down", reason: "wrong-identity", detail };
}
