import type { AlarmRecord, CloudPlace, Deployment, Fleet, WatchedResource } from "../src/domain/index.ts";

/** A region and role of the fleet, with what is expected there. */
export interface PlaceWork {
  readonly place: CloudPlace;
  readonly deployments: readonly Deployment[];
  readonly resources: readonly WatchedResource[];
  /** The fleet's own region without a role: where the alarm on corewatch itself stands. */
  readonly home: boolean;
}

/**
 * Every place to look at: where deployments with a load balancer are, where watched resources are, and where the record
 * says that something was made, so that what a removed deployment left behind is found.
 */
export function placesOf(fleet: Fleet, record: AlarmRecord): PlaceWork[] {
  const found = new Map<string, { -readonly [Key in keyof PlaceWork]: PlaceWork[Key] }>();
  const at = (region: string | undefined, roleArn: string | undefined) => {
    const key = JSON.stringify([region, roleArn]);
    const known = found.get(key) ?? { place: { region, roleArn }, deployments: [], resources: [], home: false };
    found.set(key, known);
    return known;
  };
  if (fleet.region !== undefined) at(fleet.region, undefined);
  for (const one of fleet.deployments) {
    if (one.loadBalancer === undefined) continue;
    const place = at(one.region ?? fleet.region, one.roleArn);
    if (one.alarms?.enabled !== false) place.deployments = [...place.deployments, one];
  }
  for (const one of fleet.alarms?.resources ?? []) {
    const place = at(one.region ?? fleet.region, one.roleArn);
    place.resources = [...place.resources, one];
  }
  const work = [...found.values()];
  const home = work.find((one) => one.place.region === fleet.region && one.place.roleArn === undefined) ?? work[0];
  if (home !== undefined) home.home = true;
  for (const item of record.items) {
    const roleArn = item.roleArn ?? undefined;
    const known = [...found.values()].some(
      (one) => (one.place.region ?? item.region) === item.region && one.place.roleArn === roleArn,
    );
    if (!known) at(item.region, roleArn);
  }
  return [...found.values()];
}
