import type { AwsLoadBalancer, AwsModel, AwsTargetGroup } from "./aws-model.ts";
import type { Dimension, Series } from "./aws-cloudwatch-series.ts";
import type { MinuteCounts } from "./load-balancer-counts.ts";

const NAMESPACE = "AWS/ApplicationELB";

/** What of the load balancers' minutes was already put into series. */
type Seen = Map<string, MinuteCounts>;

/**
 * Turns what load balancers do into the series of AWS/ApplicationELB: counts only when there is something to count (no 5XX: no
 * series), host counts per target group, ConsumedLCUs for as long as the load balancer lives. A load balancer has one
 * target group at work in the sandbox, so what targets answered is that of its first.
 */
export class Traffic {
  readonly #series: Series;
  readonly #seen = new Map<string, Seen>();

  constructor(series: Series) {
    this.#series = series;
  }

  /** Puts what happened since the last time, as measured at `at` (epoch ms). */
  collect(model: AwsModel, region: string, at: number): void {
    for (const balancer of model.loadBalancers) if (balancer.region === region) this.#one(balancer, at);
  }

  #one(balancer: AwsLoadBalancer, at: number): void {
    const balancerOnly: Dimension[] = [{ name: "LoadBalancer", value: suffixOf(balancer.arn) }];
    const [first] = balancer.targetGroups;
    const both = first === undefined ? [] : [[...balancerOnly, groupDimension(first)]];
    const put = (metric: string, value: number, count: number, sets: readonly (readonly Dimension[])[]): void => {
      if (count <= 0) return;
      for (const dimensions of sets)
        this.#series.put({ namespace: NAMESPACE, metric, dimensions }, { at, value, count });
    };
    if (balancer.state === "active") put("ConsumedLCUs", 0.01, 1, [balancerOnly]);
    for (const group of balancer.targetGroups) this.#hosts(group, balancerOnly, at);

    const minutes = balancer.minutes?.() ?? [];
    const seen: Seen = this.#seen.get(balancer.arn) ?? new Map<string, MinuteCounts>();
    this.#seen.set(balancer.arn, seen);
    // Only the minutes that can still have grown are looked at.
    for (const minute of minutes.slice(-3)) {
      const key = String(minute.minute);
      const before = seen.get(key);
      seen.set(key, { ...minute, elb5xx: { ...minute.elb5xx } });
      if (seen.size > 5) seen.delete([...seen.keys()][0] ?? key);
      const grown = (field: CountField): number => minute[field] - (before?.[field] ?? 0);
      put("RequestCount", 1, grown("requests"), [balancerOnly, ...both]);
      put("HTTPCode_Target_2XX_Count", 1, grown("target2xx"), [balancerOnly, ...both]);
      put("HTTPCode_Target_3XX_Count", 1, grown("target3xx"), [balancerOnly, ...both]);
      put("HTTPCode_Target_4XX_Count", 1, grown("target4xx"), [balancerOnly, ...both]);
      put("HTTPCode_Target_5XX_Count", 1, grown("target5xx"), [balancerOnly, ...both]);
      put("TargetConnectionErrorCount", 1, grown("connectionErrors"), [balancerOnly, ...both]);
      put("HTTPCode_ELB_5XX_Count", 1, total(minute) - total(before), [balancerOnly]);
      for (const status of Object.keys(minute.elb5xx)) {
        const own = (minute.elb5xx[Number(status)] ?? 0) - (before?.elb5xx[Number(status)] ?? 0);
        put(`HTTPCode_ELB_${status}_Count`, 1, own, [balancerOnly]);
      }
      this.#times(minute, before, put, [balancerOnly, ...both]);
    }
  }

  /** The counters hold sum, count and maximum: a new maximum is exact, the others stand at their mean. */
  #times(
    minute: MinuteCounts,
    before: MinuteCounts | undefined,
    put: (metric: string, value: number, count: number, sets: readonly (readonly Dimension[])[]) => void,
    sets: readonly (readonly Dimension[])[],
  ): void {
    const count = minute.responseTimeCount - (before?.responseTimeCount ?? 0);
    const sum = minute.responseTimeSum - (before?.responseTimeSum ?? 0);
    const higher = minute.responseTimeMax > (before?.responseTimeMax ?? 0);
    if (higher && count > 0) put("TargetResponseTime", minute.responseTimeMax, 1, sets);
    const others = higher ? count - 1 : count;
    const rest = higher ? Math.max(0, sum - minute.responseTimeMax) : sum;
    if (others > 0) put("TargetResponseTime", rest / others, others, sets);
  }

  #hosts(group: AwsTargetGroup, balancer: readonly Dimension[], at: number): void {
    const states = group.targets().map((target) => target.state);
    if (states.length === 0) return;
    const dimensions = [...balancer, groupDimension(group)];
    const healthy = states.filter((state) => state === "healthy").length;
    const unhealthy = states.filter((state) => state === "unhealthy").length;
    const sample = (metric: string, value: number): void =>
      this.#series.put({ namespace: NAMESPACE, metric, dimensions }, { at, value, count: 1 });
    sample("HealthyHostCount", healthy);
    sample("UnHealthyHostCount", unhealthy);
  }
}

type CountField = "requests" | "target2xx" | "target3xx" | "target4xx" | "target5xx" | "connectionErrors";

function total(minute: MinuteCounts | undefined): number {
  return Object.values(minute?.elb5xx ?? {}).reduce((sum, count) => sum + count, 0);
}

function groupDimension(group: AwsTargetGroup): Dimension {
  return { name: "TargetGroup", value: group.arn.slice(group.arn.lastIndexOf(":") + 1) };
}

/** `app/NAME/ID` of a load balancer's ARN. */
function suffixOf(arn: string): string {
  return arn.slice(arn.indexOf(":loadbalancer/") + ":loadbalancer/".length);
}
