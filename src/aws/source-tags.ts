import type { CoreSource } from "../domain/index.ts";
import { addressOf, type InstanceReader, stateOfInstance } from "./instances.ts";

/** Cores are on every instance with certain tags, one on each of the ports. */
export function tagSource(instances: InstanceReader): CoreSource {
  return async ({ id, place, discover, addressing }, signal) => {
    if (discover.from !== "tags") throw new Error(`${id} is not found by tags`);
    const found = await instances.tagged(discover.tags, place, signal);
    return found.flatMap((host) => {
      const address = addressOf(host, addressing.address);
      if (address === undefined) return [];
      return discover.ports.map((port) => ({
        key: `${host.id}:${port}`,
        instance: host.id,
        zone: host.zone === "" ? null : host.zone,
        host: address,
        port,
        state: stateOfInstance(host) ?? "serving",
        detail: `instance is ${host.state}`,
        startedAt: host.launchedAt === 0 ? null : host.launchedAt,
      }));
    });
  };
}
