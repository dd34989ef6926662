import type { Fleet, Observation, Outcome, Reason, SeriesKey } from "../domain/index.ts";
import type { Task } from "../../checks/check.ts";
import { seriesKey } from "../domain/index.ts";

/**
 * corewatch's own trouble, told apart from its targets'. What an observation says is changed to `unknown` only where the
 * evidence is clear; the rest is told as "prober degraded", once, and judged as it is.
 *
 * - **DNS.** `dns-failure` (no resolver answered; a name that does not exist is an answer) speaks against a target only
 *   when some other name was looked up successfully since it began to fail; until then it is `unknown` / `prober-dns`.
 *   Degraded: of at least two names looked up in the last minute, none could be. A fleet with one name has nothing to
 *   compare with: there it is judged as it is.
 * - **Egress.** Degraded: in the last minute every host of at least three, in at least two deployments or besides the AWS
 *   API, failed without any answer, and nothing answered; then such failures are `unknown` / `prober-network`. A refused
 *   connection is an answer. Failures that this host itself reports (no route, no sockets) are unknown from the start;
 *   degraded: a minute in which nothing else was found.
 * - **Event loop.** Degraded: three looks within half a minute found it more than a second late.
 * - **Store.** Degraded: out of reach for more than 5 s, and for 30 s after, so that it is told at least once. Beats of
 *   heartbeats that were sent meanwhile are lost: theirs are unknown until each had its time again.
 */
const WINDOW_MS = 60_000;
const MIN_HOSTS = 3;
const LATE_MS = 1_000;
const LATE_WINDOW_MS = 30_000;
const LATE_LOOKS = 3;
const STORE_GRACE_MS = 5_000;
const STORE_TOLD_MS = 30_000;

const SILENT: ReadonlySet<Reason> = new Set(["timeout", "connect-timeout", "host-unreachable"]);

/** What is known of one destination: a host, or the AWS API of one deployment. */
interface Place {
  readonly group: string;
  /** Newest word: `answer`, `silent` (no answer at all), `local` (this host could not even try). */
  word: "answer" | "silent" | "local";
  at: number;
}

/** What is known of one name. */
interface Name {
  /** When it was last looked up; monotonic ms. */
  at: number;
  failingSince: number | undefined;
  /** When it was last looked up successfully. */
  foundAt: number;
}

/** Listens to all observations. Times are monotonic ms. */
export class ProberHealth {
  #hostOf = new Map<SeriesKey, { readonly host: string; readonly group: string; readonly named: boolean }>();
  #graceOf = new Map<string, number>();
  readonly #places = new Map<string, Place>();
  readonly #names = new Map<string, Name>();
  #late: number[] = [];
  #storeDown: { readonly since: number; until: number | undefined } | undefined;
  #checked = { at: -Infinity, silent: false };

  /** Follows a reload. */
  plan(fleet: Fleet, tasks: readonly Task[]): void {
    this.#hostOf = new Map(tasks.map((task) => [seriesKey(task.target, task.check), placeOf(fleet, task)]));
    this.#graceOf = new Map(fleet.heartbeats.map(({ id, everyMs, graceMs }) => [id, everyMs + graceMs]));
    const hosts = new Set([...this.#hostOf.values()].map(({ host }) => host));
    for (const host of this.#places.keys()) if (!hosts.has(host)) this.#places.delete(host);
    for (const host of this.#names.keys()) if (!hosts.has(host)) this.#names.delete(host);
  }

  /** Takes note of an observation; gives it back, or what can be said of it given our own trouble. */
  weigh(observation: Observation, now: number): Observation {
    if (observation.check === "heartbeat") return this.#weighBeat(observation, now);
    const place = this.#hostOf.get(seriesKey(observation.target, observation.check));
    if (place === undefined) return observation;
    this.#note(place.host, place.group, observation, now);
    if (observation.reason === "ok" && observation.phases?.dns === undefined) return observation;
    if (place.named) {
      const held = this.#weighName(place.host, observation, now);
      if (held !== undefined) return held;
    }
    if (SILENT.has(observation.reason) && this.#allSilent(now)) {
      return unknown(
        observation,
        "prober-network",
        "no host answers and nothing else does: the fault is on the way out from here",
      );
    }
    return observation;
  }

  /** A look at the event loop: the longest delay since the last look, ms. */
  lag(ms: number, now: number): void {
    this.#late = this.#late.filter((at) => now - at < LATE_WINDOW_MS);
    if (ms >= LATE_MS) this.#late.push(now);
  }

  /** Whether the store answered. */
  store(reachable: boolean, now: number): void {
    const down = this.#storeDown;
    if (reachable) {
      if (down !== undefined && down.until === undefined) down.until = now;
    } else if (down === undefined || down.until !== undefined) {
      // An outage right after another is the same one.
      const again = down?.until !== undefined && now - down.until < STORE_TOLD_MS;
      this.#storeDown = { since: again ? down.since : now, until: undefined };
    }
  }

  /** What is wrong with corewatch itself now; sentences for people. */
  state(now: number): { readonly degraded: boolean; readonly reasons: readonly string[] } {
    const reasons: string[] = [];
    const names = [...this.#names.values()].filter(({ at }) => now - at < WINDOW_MS);
    if (names.length >= 2 && names.every(({ failingSince }) => failingSince !== undefined)) {
      reasons.push(
        `No name can be looked up: the DNS resolvers of this host gave no answer for any of ${names.length} names.`,
      );
    }
    const places = this.#recent(now);
    if (places.length > 0 && places.every(({ word }) => word === "local")) {
      reasons.push("This host cannot open network connections: it has no route, or no sockets left.");
    } else if (this.#allSilent(now)) {
      reasons.push(
        `Nothing answers: all of ${places.length} hosts are silent at once, as when this host's way out is cut.`,
      );
    }
    if (this.#late.filter((at) => now - at < LATE_WINDOW_MS).length >= LATE_LOOKS) {
      reasons.push("This process gets too little processor time: its event loop is more than a second late.");
    }
    const outage = this.#outage(now);
    if (outage !== undefined) reasons.push(outage);
    return { degraded: reasons.length > 0, reasons };
  }

  #outage(now: number): string | undefined {
    if (this.#storeDown === undefined) return undefined;
    const { since, until } = this.#storeDown;
    if ((until ?? now) - since < STORE_GRACE_MS || (until !== undefined && now - until > STORE_TOLD_MS))
      return undefined;
    const seconds = Math.round(((until ?? now) - since) / 1_000);
    return until === undefined
      ? `The store has been out of reach for ${seconds} s: observations wait in memory, notices wait too.`
      : `The store was out of reach for ${seconds} s; what was observed meanwhile is being written.`;
  }

  #weighBeat(observation: Observation, now: number): Observation {
    if (observation.health === "up" || this.#storeDown === undefined) return observation;
    const { until } = this.#storeDown;
    const grace = this.#graceOf.get(observation.target.id) ?? 0;
    if (until !== undefined && now - until > grace) return observation;
    return unknown(
      observation,
      "internal-error",
      "the store was out of reach: beats sent meanwhile could not be taken",
    );
  }

  #weighName(host: string, observation: Observation, now: number): Observation | undefined {
    let name = this.#names.get(host);
    if (name === undefined) this.#names.set(host, (name = { at: now, failingSince: undefined, foundAt: -Infinity }));
    const failed = observation.reason === "dns-failure" || observation.reason === "prober-dns";
    if (failed) {
      name.at = now;
      name.failingSince ??= now;
    } else if (
      observation.phases?.dns !== undefined ||
      observation.reason === "dns-not-found" ||
      observation.check === "dns"
    ) {
      name.at = now;
      name.failingSince = undefined;
      name.foundAt = now;
    }
    if (!failed || this.#names.size < 2) return undefined;
    const { failingSince = now } = name;
    for (const [other, { foundAt }] of this.#names) if (other !== host && foundAt >= failingSince) return undefined;
    return unknown(
      observation,
      "prober-dns",
      `${observation.detail}: no other name was looked up since, so it may be the resolvers of this host`,
    );
  }

  #note(host: string, group: string, { reason, health }: Observation, now: number): void {
    const word = wordOf(reason, health);
    if (word === undefined) return;
    const place = this.#places.get(host);
    if (place === undefined) this.#places.set(host, { group, word, at: now });
    else {
      place.word = word;
      place.at = now;
    }
  }

  #recent(now: number): Place[] {
    return [...this.#places.values()].filter(({ at }) => now - at < WINDOW_MS);
  }

  /** Looked at anew every quarter of a second at most: with every host failing it is asked a thousand times a second. */
  #allSilent(now: number): boolean {
    if (now - this.#checked.at >= 250) {
      const places = this.#recent(now);
      const silent =
        places.length >= MIN_HOSTS &&
        places.every(({ word }) => word !== "answer") &&
        new Set(places.map(({ group }) => group)).size >= 2;
      this.#checked = { at: now, silent };
    }
    return this.#checked.silent;
  }
}

function wordOf(reason: Reason, health: Outcome["health"]): Place["word"] | undefined {
  if (SILENT.has(reason) || reason === "api-unreachable" || reason === "dns-failure") return "silent";
  if (reason === "prober-network") return "local";
  // Our own faults say nothing of any place; AWS refusing us is an answer.
  if (health === "unknown" && reason !== "not-authorized" && reason !== "api-throttled") return undefined;
  return "answer";
}

function unknown(observation: Observation, reason: Reason, detail: string): Observation {
  return { ...observation, health: "unknown", reason, detail };
}

/** Which destination a series asks. Databases are told by id: where they are is a secret. */
function placeOf(fleet: Fleet, { target, check }: Task): { host: string; group: string; named: boolean } {
  const group = target.deployment ?? target.id;
  if (check === "load-balancer" || check === "target-health")
    return { host: `aws:${group}`, group: "aws", named: false };
  const deployment = fleet.deployments.find(({ id }) => id === target.deployment);
  const url =
    target.kind === "core"
      ? deployment?.cores.find(({ id }) => `${deployment.id}/${id}` === target.id)?.url
      : target.kind === "endpoint"
        ? fleet.endpoints.find(({ id }) => id === target.id)?.url
        : deployment?.connectionUri;
  const host = url === undefined ? undefined : URL.parse(url)?.hostname;
  if (host === undefined || host === "") return { host: `${target.kind}:${target.id}`, group, named: false };
  return { host, group, named: !/^[\d.]+$|:/.test(host) && host !== "localhost" };
}
