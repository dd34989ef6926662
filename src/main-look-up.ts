import { callbackify } from "node:util";
import type { Clock } from "./domain/index.ts";
import type { LookUp } from "./load/addresses.ts";
import { createResolver } from "./net/resolver.ts";

/** Looks names up at the fleet's own name servers; `undefined` without any: as the system does. */
export function lookUpAt(servers: readonly string[] | undefined, clock: Clock): LookUp | undefined {
  if (servers === undefined) return undefined;
  const resolver = createResolver({ clock, servers });
  const ask = callbackify((host: string) => resolver.resolve(host));
  return (host, done) => ask(host, (error, addresses) => done(error, error === null ? addresses : []));
}
