import type { Core, Deployment, Fleet, InventorySettings, KnownCore, KnownCores } from "../domain/index.ts";

/** How the inventory works where fleet.yaml says nothing of it. */
export const INVENTORY_DEFAULTS: InventorySettings = {
  schedule: "*/15 * * * * *",
  events: { queue: undefined, metadata: false },
  // The runbook's own figures: development cores take 15–20 s, production cores 4–5 min.
  budgetMs: { development: 20_000, production: 300_000 },
};

/** Something that fleet.yaml and a source say differently. The file wins; people are told. */
export interface Conflict {
  readonly deployment: string;
  /** Id of the core. */
  readonly core: string;
  readonly message: string;
}

/** A fleet with the cores that were found. */
export interface Resolved {
  readonly fleet: Fleet;
  readonly conflicts: readonly Conflict[];
}

/** Deployments whose cores are found. */
export function discovering(
  fleet: Fleet,
): (Deployment & { readonly discovery: NonNullable<Deployment["discovery"]> })[] {
  return fleet.deployments.flatMap((one) =>
    one.discovery === undefined ? [] : [{ ...one, discovery: one.discovery }],
  );
}

/** How found cores of a deployment are called. */
export function idPrefixOf({ app, discovery }: Deployment): string {
  return discovery?.idPrefix ?? app.slice(0, 56);
}

/** Cores of fleet.yaml by URL, as the merging takes them. */
export function listedIn({ cores }: Deployment): ReadonlyMap<string, string> {
  return new Map(cores.map(({ url, id }) => [url, id]));
}

/**
 * The fleet of the file with what is known of found cores. A core of the file wins over a found one with its id or its
 * URL, and takes from it what the file does not say.
 */
export function withFound(base: Fleet, knownOf: (deployment: string) => KnownCores | undefined): Resolved {
  const conflicts: Conflict[] = [];
  const budgets = (base.inventory ?? INVENTORY_DEFAULTS).budgetMs;
  const deployments = base.deployments.map((deployment) => {
    if (deployment.discovery === undefined) return deployment;
    const known = knownOf(deployment.id);
    if (known === undefined || known.readAt === null) return deployment;
    return { ...deployment, cores: coresOf(deployment, known, budgets[deployment.kind], conflicts) };
  });
  return { fleet: { ...base, deployments }, conflicts };
}

/** Whether two fleets have the same cores, of which the same is expected. */
export function hasSameCores(one: Fleet, other: Fleet): boolean {
  const plain = ({ deployments }: Fleet): string => JSON.stringify(deployments.map(({ id, cores }) => [id, cores]));
  return plain(one) === plain(other);
}

function coresOf(deployment: Deployment, { cores }: KnownCores, budgetMs: number, conflicts: Conflict[]): Core[] {
  const say = (core: string, message: string): void =>
    void conflicts.push({ deployment: deployment.id, core, message });
  const byUrl = new Map(cores.map((one) => [one.url, one]));
  const byId = new Map(cores.map((one) => [one.id, one]));
  const claimed = new Set<KnownCore>();
  const listed = deployment.cores.map((core) => {
    const found = byUrl.get(core.url) ?? byId.get(core.id);
    if (found === undefined) {
      say(core.id, `fleet.yaml lists it at ${core.url}, where nothing was found`);
      return core;
    }
    for (const one of [found, byId.get(core.id)]) if (one !== undefined) claimed.add(one);
    if (found.url !== core.url) say(core.id, `fleet.yaml lists it at ${core.url}, and it was found at ${found.url}`);
    for (const key of ["instance", "zone"] as const) {
      const [said, seen] = [core[key], found[key]];
      if (said !== undefined && seen !== null && said !== seen)
        say(core.id, `fleet.yaml says ${key} ${said}, and it was found on ${seen}`);
    }
    return {
      ...core,
      instance: core.instance ?? found.instance ?? undefined,
      zone: core.zone ?? found.zone ?? undefined,
      apiKey: core.apiKey ?? deployment.discovery?.apiKey,
      ...(found.url === core.url ? expectationOf(found, budgetMs) : {}),
    };
  });
  const found = cores
    .filter((one) => !claimed.has(one))
    .map((one) => ({
      id: one.id,
      url: one.url,
      instance: one.instance ?? undefined,
      zone: one.zone ?? undefined,
      apiKey: deployment.discovery?.apiKey,
      ...expectationOf(one, budgetMs),
    }));
  return [...listed, ...found];
}

function expectationOf(core: KnownCore, budgetMs: number): Pick<Core, "expectation"> {
  const { state, why, readyAt, firstSeen } = core;
  if (state === "draining" || state === "leaving") return { expectation: { state, why, until: null } };
  if (readyAt !== null) return {};
  const since = `new since ${new Date(firstSeen).toISOString().slice(11, 19)} UTC`;
  return { expectation: { state: "starting", why: since, until: firstSeen + budgetMs } };
}
