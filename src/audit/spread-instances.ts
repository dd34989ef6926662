import { isBalanced, judge, named, type Rule } from "./rule.ts";
import { registeredPlaces } from "./spread.ts";

/** One instance that goes must not take the app with it. */
export const spreadInstances: Rule = {
  id: "spread-instances",
  title: "cores on several instances",
  seed: "Should span across multiple ec2 instances",
  applies: (deployment) => isBalanced(deployment) && deployment.kind === "production",
  async check(context) {
    const instances = new Set((await registeredPlaces(context)).map(({ instance }) => instance));
    return judge(
      instances.size >= 2,
      "at least 2 instances behind the load balancer",
      `${instances.size}: ${named([...instances])}`,
      "start a core on another instance (the runbook's POST /0/manual/app/scale/deployment), and register it with the target group",
    );
  },
};
