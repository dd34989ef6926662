import type { EcsServiceFacts } from "../domain/index.ts";
import { isOnEcs, judge, type Rule } from "./rule.ts";

/** A deployment must be able to start one task more or to stop one, and something must run all the while. */
export const ecsDeploymentPercents: Rule = {
  id: "ecs-deployment-percents",
  title: "a deployment can go through, without downtime",
  seed: "If you have one running task, min=0 and max=100, there will be a downtime; min=50, max=150, then there will be no deployment at all",
  applies: isOnEcs,
  async check({ ecs, deployment }) {
    const service = await ecs();
    const { desired, minimumHealthyPercent: min, maximumPercent: max } = service;
    const { least, most } = bounds(service);
    const isStuck = most <= desired && least >= desired;
    const isDown = least === 0 && deployment.kind === "production";
    const what = isStuck
      ? "no task can be stopped nor started: it never ends"
      : isDown
        ? "all tasks may be stopped at once"
        : `between ${least} and ${most} tasks run`;
    return judge(
      !isStuck && !isDown,
      "at least one task keeps running, and one more or one less may",
      `minimum ${min}%, maximum ${max}% of ${desired}: ${what}`,
      `aws ecs update-service --cluster ${service.cluster} --service ${service.name} --deployment-configuration minimumHealthyPercent=100,maximumPercent=200`,
    );
  },
};

/** ECS rounds the minimum up and the maximum down to whole tasks. */
function bounds({ desired, minimumHealthyPercent, maximumPercent }: EcsServiceFacts): { least: number; most: number } {
  return {
    least: Math.ceil((desired * minimumHealthyPercent) / 100),
    most: Math.floor((desired * maximumPercent) / 100),
  };
}
