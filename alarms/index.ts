import type { AlarmFamily, Fleet } from "../src/domain/index.ts";
import type { AlarmSpec, Family, Site } from "./alarm.ts";
import { deadMan } from "./dead-man.ts";
import { deployment } from "./deployment.ts";
import { drill } from "./drill.ts";
import { elb5xx } from "./elb-5xx.ts";
import { healthyHosts } from "./healthy-hosts.ts";
import { lambdaErrors } from "./lambda-errors.ts";
import { rdsCpu } from "./rds-cpu.ts";
import { rdsFreeStorage } from "./rds-free-storage.ts";
import { rdsFreeableMemory } from "./rds-freeable-memory.ts";
import { rdsReadIops } from "./rds-read-iops.ts";
import { target5xxRatio } from "./target-5xx-ratio.ts";
import { targetResponseTime } from "./target-response-time.ts";
import { unhealthyHosts } from "./unhealthy-hosts.ts";

/** Every family. A new one is a file beside this one, an id in ALARM_FAMILIES, and a line here. */
export const FAMILIES: { readonly [Id in AlarmFamily]: Family } = {
  "elb-5xx": elb5xx,
  "target-response-time": targetResponseTime,
  "unhealthy-hosts": unhealthyHosts,
  "healthy-hosts": healthyHosts,
  "target-5xx-ratio": target5xxRatio,
  deployment,
  "rds-freeable-memory": rdsFreeableMemory,
  "rds-free-storage": rdsFreeStorage,
  "rds-cpu": rdsCpu,
  "rds-read-iops": rdsReadIops,
  "lambda-errors": lambdaErrors,
  "dead-man": deadMan,
  drill,
};

/** Every alarm that shall be at a site, each identity once, in the registry's order. */
export function specsFor(site: Site, fleet: Fleet): AlarmSpec[] {
  const byIdentity = new Map<string, AlarmSpec>();
  for (const family of Object.values(FAMILIES)) {
    for (const spec of family.specs(site, fleet)) {
      if (!byIdentity.has(spec.identity)) byIdentity.set(spec.identity, spec);
    }
  }
  return [...byIdentity.values()];
}
