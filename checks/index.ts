import { seriesKey, type CheckKind, type Fleet } from "../src/domain/index.ts";
import type { Check, Task } from "./check.ts";
import { dns } from "./dns.ts";
import { heartbeat } from "./heartbeat.ts";
import { hello } from "./hello.ts";
import { http } from "./http.ts";
import { jwks } from "./jwks.ts";
import { loadBalancer } from "./load-balancer.ts";
import { mysql } from "./mysql.ts";
import { postgres } from "./postgres.ts";
import { session } from "./session.ts";
import { targetHealth } from "./target-health.ts";
import { tcp } from "./tcp.ts";
import { throughLoadBalancer } from "./through-load-balancer.ts";
import { tls } from "./tls.ts";

/** Every kind of check. A new kind is a file beside this one, a name in CHECK_KINDS, and a line here. */
export const CHECKS: { readonly [Kind in CheckKind]: Check } = {
  hello,
  jwks,
  postgres,
  mysql,
  "through-load-balancer": throughLoadBalancer,
  "load-balancer": loadBalancer,
  "target-health": targetHealth,
  tls,
  dns,
  tcp,
  session,
  http,
  heartbeat,
};

/** What is to be looked at in this fleet: every enabled check's targets, in the registry's order, each series once. */
export function planTasks(fleet: Fleet): Task[] {
  const seen = new Set<string>();
  const tasks: Task[] = [];
  for (const check of Object.values(CHECKS)) {
    if (!fleet.checks[check.kind].enabled) continue;
    for (const { target, input } of check.targets(fleet)) {
      const key = seriesKey(target, check.kind);
      if (seen.has(key)) continue;
      seen.add(key);
      tasks.push({ target, check: check.kind, input });
    }
  }
  return tasks;
}
