import { isOnEcs, judge, type Rule } from "./rule.ts";

/** The service runs as many tasks as it is to. */
export const ecsDesiredRunning: Rule = {
  id: "ecs-desired-running",
  title: "as many tasks run as are wanted",
  seed: "Number of tasks is the desirable number of running tasks in the service",
  applies: isOnEcs,
  async check({ ecs }) {
    const { desired, running, pending, cluster, name } = await ecs();
    return judge(
      desired > 0 && running === desired,
      `${Math.max(1, desired)} running`,
      `${running} running, ${pending} pending, ${desired} wanted`,
      `aws ecs describe-services --cluster ${cluster} --services ${name} shows in its events why tasks are not placed`,
    );
  },
};
