import type { AlarmFamily, Deployment } from "../src/domain/index.ts";
import type { AlarmSpec, Family, Site } from "./alarm.ts";
import { elb5xx } from "./elb-5xx.ts";
import { healthyHosts } from "./healthy-hosts.ts";
import { target5xxRatio } from "./target-5xx-ratio.ts";

/** The families whose alarm means that users are hit, not only redundancy or speed. */
const SYMPTOMS: readonly Family[] = [healthyHosts, elb5xx, target5xxRatio];

/** One composite for each deployment: users are hit, whichever symptom shows it. */
export const deployment: Family = {
  id: "deployment",
  profiles: ["recommended"],
  tells: "Users of this deployment are hit: no healthy core, or errors in place of answers.",
  specs: (site, fleet) => {
    const symptoms = new Map<string, string[]>();
    for (const spec of SYMPTOMS.flatMap((family) => family.specs(site, fleet)))
      for (const id of spec.deployments) symptoms.set(id, [...(symptoms.get(id) ?? []), spec.identity]);
    return site.balancers.flatMap((balancer) =>
      balancer.profile === "recommended" && balancer.overrides[ID]?.enabled !== false
        ? balancer.deployments.flatMap((one) => composite(one, site, symptoms.get(one.id) ?? []))
        : [],
    );
  },
};

const ID: AlarmFamily = "deployment";

function composite({ id }: Deployment, site: Site, anyOf: readonly string[]): AlarmSpec[] {
  if (anyOf.length === 0) return [];
  return [
    {
      family: ID,
      identity: `${ID}:${site.region}:${id}`,
      names: [`${id} users are hit`],
      deployments: [id],
      service: "ELB",
      draft: { kind: "composite", description: deployment.tells, anyOf },
      corrections: [],
      presence: "wanted",
    },
  ];
}
