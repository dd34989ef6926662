import type { AwsModel } from "./aws-model.ts";
import type { AwsRecord } from "./aws-route53-model.ts";
import type { DnsEntry } from "./dns-server.ts";
import type { PlannedAccount, PlannedName } from "./fleets-account-plan.ts";

/** What the name server says of a name. */
export function entryOf({ to }: PlannedName, account: PlannedAccount, model: AwsModel): DnsEntry {
  if ("address" in to) return { addresses: [to.address] };
  if ("name" in to) return { alias: to.name };
  // An alias record answers with the addresses themselves.
  return { addresses: [account.balancers[balancerOf(to.balancer, model).name]?.host ?? ""] };
}

/** The record that Route 53 has of a name; none where it is not there. */
export function recordOf({ name, to, route53 }: PlannedName, model: AwsModel): AwsRecord[] {
  if (route53 === false) return [];
  const own = `${name}.`;
  if ("address" in to) return [{ name: own, type: "A", values: [to.address] }];
  if ("name" in to) return [{ name: own, type: "CNAME", values: [to.name] }];
  return [{ name: own, type: "A", aliasTo: `dualstack.${balancerOf(to.balancer, model).dnsName}.` }];
}

function balancerOf(deployment: string, model: AwsModel): AwsModel["loadBalancers"][number] {
  const found = model.loadBalancers.find(({ name }) => name === deployment);
  if (found === undefined) throw new Error(`the sandbox has no load balancer ${deployment}`);
  return found;
}
