import type { BalancerSummary, CloudCall, CloudPlace } from "../domain/index.ts";
import { everyPage, type AlarmClients } from "./alarm-clients.ts";

/** The most that one page of DescribeLoadBalancers and DescribeTargetGroups holds. */
const PAGE_SIZE = 400;

/** Every application load balancer with its target groups: two listings, whatever their number. @throws CloudError */
export async function readBalancers(
  clients: AlarmClients,
  place: CloudPlace,
  call: CloudCall,
): Promise<BalancerSummary[]> {
  const sdk = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const { DescribeLoadBalancersCommand, DescribeTargetGroupsCommand } = sdk;
  const abortSignal = call.signal;
  const asked = { place, call } as const;
  const pageOf = (token: string | undefined) => ({
    PageSize: PAGE_SIZE,
    ...(token === undefined ? {} : { Marker: token }),
  });
  const balancers = await everyPage(
    { ...asked, operation: "elasticloadbalancing:DescribeLoadBalancers", subject: "load balancers" },
    async (token) => {
      const client = await clients.balancers.for(place);
      const answer = await client.send(new DescribeLoadBalancersCommand(pageOf(token)), { abortSignal });
      return { items: answer.LoadBalancers, next: answer.NextMarker };
    },
  );
  const groups = await everyPage(
    { ...asked, operation: "elasticloadbalancing:DescribeTargetGroups", subject: "target groups" },
    async (token) => {
      const client = await clients.balancers.for(place);
      const answer = await client.send(new DescribeTargetGroupsCommand(pageOf(token)), { abortSignal });
      return { items: answer.TargetGroups, next: answer.NextMarker };
    },
  );
  const byBalancer = new Map<string, { readonly arn: string; readonly name: string }[]>();
  for (const { TargetGroupArn: arn = "", TargetGroupName: name = "", LoadBalancerArns: owners = [] } of groups) {
    for (const owner of owners) {
      const list = byBalancer.get(owner) ?? [];
      list.push({ arn, name });
      byBalancer.set(owner, list);
    }
  }
  return balancers
    .filter((balancer) => balancer.Type === "application")
    .map(({ LoadBalancerArn: arn = "", LoadBalancerName: name = "" }) => ({
      arn,
      name,
      targetGroups: byBalancer.get(arn) ?? [],
    }));
}
