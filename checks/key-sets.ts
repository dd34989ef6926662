import type { KeySets } from "../src/domain/index.ts";

/**
 * A core whose keys have nothing in common with those it had is a stranger until another core shows the same keys, or until
 * it has shown them for this long (a deployment of one core whose database was made anew). ms.
 */
const PROBATION_MS = 30 * 60_000;
/** A core not seen for this long before the deployment's newest record has no vote any more, ms. */
const FORGET_MS = 60 * 60_000;

interface Entry {
  /** The set that the core votes with; empty: none yet. */
  accepted: readonly string[];
  /** The set seen last; empty: it showed none. */
  seen: readonly string[];
  /** Since when `seen` has had nothing in common with `accepted`, epoch ms. */
  strangeSince: number | undefined;
  /** Epoch ms. */
  at: number;
}

/** What each core of a deployment signs with. `saved` is what `dump` once gave; what is malformed in it is left out. */
export function createKeySets(saved?: unknown): KeySets & { dump(): unknown } {
  const deployments = restore(saved);

  return {
    record(deployment, core, kids, at) {
      let cores = deployments.get(deployment);
      if (cores === undefined) deployments.set(deployment, (cores = new Map()));
      const entry = cores.get(core) ?? { accepted: [], seen: [], strangeSince: undefined, at };
      cores.set(core, entry);
      entry.at = at;
      entry.seen = [...new Set(kids)].toSorted();
      if (entry.seen.length === 0) return;
      if (entry.accepted.length === 0 || overlap(entry.accepted, entry.seen)) accept(entry);
      else entry.strangeSince ??= at;
      for (const other of cores.values()) {
        if (isStrange(other) && isConfirmed(other, cores.values(), at)) accept(other);
      }
    },

    consensus(deployment) {
      const cores = [...(deployments.get(deployment)?.values() ?? [])];
      const newest = Math.max(...cores.map((core) => core.at));
      const voters = cores.filter((core) => core.accepted.length > 0 && newest - core.at <= FORGET_MS);
      const votes = new Map<string, number>();
      for (const { accepted } of voters) {
        const key = JSON.stringify(accepted);
        const count = (votes.get(key) ?? 0) + 1;
        if (count * 2 > voters.length) return new Set(accepted);
        votes.set(key, count);
      }
      return undefined;
    },

    recordedAt(deployment, core) {
      const entry = deployments.get(deployment)?.get(core);
      return entry === undefined || entry.seen.length === 0 || isStrange(entry) ? undefined : entry.at;
    },

    dump() {
      const lists = [...deployments].map(([id, cores]) => [id, Object.fromEntries(cores)] as const);
      return { version: 1, deployments: Object.fromEntries(lists) };
    },
  };
}

function isStrange(entry: Entry): boolean {
  return entry.seen.length > 0 && entry.strangeSince !== undefined;
}

function isConfirmed(entry: Entry, cores: Iterable<Entry>, at: number): boolean {
  if (entry.strangeSince !== undefined && at - entry.strangeSince >= PROBATION_MS) return true;
  for (const other of cores) if (other !== entry && overlap(other.seen, entry.seen)) return true;
  return false;
}

function accept(entry: Entry): void {
  entry.accepted = entry.seen;
  entry.strangeSince = undefined;
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((kid) => b.includes(kid));
}

function restore(saved: unknown): Map<string, Map<string, Entry>> {
  const deployments = new Map<string, Map<string, Entry>>();
  if (!isRecord(saved) || !isRecord(saved["deployments"])) return deployments;
  for (const [deployment, cores] of Object.entries(saved["deployments"])) {
    if (!isRecord(cores)) continue;
    const entries = new Map<string, Entry>();
    for (const [core, entry] of Object.entries(cores)) {
      if (!isRecord(entry)) continue;
      const { accepted, seen, at, strangeSince } = entry;
      if (!isTexts(accepted) || !isTexts(seen) || typeof at !== "number") continue;
      const since = typeof strangeSince === "number" ? strangeSince : undefined;
      entries.set(core, { accepted, seen, at, strangeSince: since });
    }
    deployments.set(deployment, entries);
  }
  return deployments;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
