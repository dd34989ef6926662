import { alarmsOn, groupsWithout, RUNBOOK_METRICS } from "./load-balancer-alarms.ts";
import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** The three alarms watch this load balancer: found by their dimensions, since a name alone watches nothing. */
export const alarmsPresent: Rule = {
  id: "alarms-present",
  title: "CloudWatch alarms of the load balancer",
  seed: "Add CloudWatch Alarms; All CloudWatch Alarms are added",
  applies: isBalanced,
  async check({ loadBalancer, cloud, place }) {
    const [balancer, all] = await Promise.all([loadBalancer(), cloud.alarms(place)]);
    const missing: string[] = RUNBOOK_METRICS.filter((metric) => alarmsOn(metric, balancer, all).length === 0);
    const groups = missing.includes("UnHealthyHostCount")
      ? []
      : groupsWithout(balancer, alarmsOn("UnHealthyHostCount", balancer, all));
    const troubles = [
      ...missing.map((one) => `no alarm on ${one}`),
      ...groups.map((one) => `no UnHealthyHostCount of target group ${one}`),
    ];
    return judge(
      troubles.length === 0,
      `alarms on ${RUNBOOK_METRICS.join(", ")}`,
      troubles.length === 0 ? "all there" : named(troubles),
      `corewatch alarms plan, then corewatch alarms apply`,
    );
  },
};
