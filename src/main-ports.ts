import { createKeySets } from "../checks/key-sets.ts";
import { createLoadBalancerReader } from "./aws/load-balancers.ts";
import type { ProbePorts } from "./cli/doors.ts";
import { createMysqlProber } from "./databases/mysql.ts";
import { createPostgresProber } from "./databases/postgres.ts";
import type { BeatReader, Clock, Fleet } from "./domain/index.ts";
import { createHttpProber } from "./http/prober.ts";
import { createNetProber } from "./net/prober.ts";
import { createResolver } from "./net/resolver.ts";

/** No beat was ever seen: what a command without a store knows of heartbeats. */
function noBeats(since: number): BeatReader {
  return { since, last: () => undefined };
}

/** The adapters behind the checks; names are looked up as the fleet says. SDK clients and database drivers are loaded by their first probe. */
export function createPorts(clock: Clock, { resolvers }: Pick<Fleet, "resolvers"> = {}): ProbePorts {
  const named = resolvers === undefined ? { clock } : { clock, servers: resolvers };
  const resolver = createResolver(named);
  const http = createHttpProber({ clock, resolver });
  const postgres = createPostgresProber({ clock });
  const mysql = createMysqlProber({ clock });
  return {
    clock,
    http,
    net: createNetProber({ ...named, resolver }),
    postgres,
    mysql,
    loadBalancers: createLoadBalancerReader({ clock }),
    keySets: createKeySets(),
    beats: noBeats(clock.now()),
    async close() {
      await Promise.all([http.close(), postgres.close(), mysql.close()]);
    },
  };
}
