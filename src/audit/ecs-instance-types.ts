import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** When one type is not to be had as spot, another is. */
export const ecsInstanceTypes: Rule = {
  id: "ecs-instance-types",
  title: "several instance types",
  seed: "Combine purchase options and instance types allows setting flexible instance types",
  scanner: "autoscaling_group_multiple_instance_types",
  applies: (deployment) => isOnEcs(deployment) && deployment.kind === "production",
  async check({ ecs }) {
    const groups = (await ecs()).capacityProviders.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const single = groups.filter(({ instanceTypes }) => new Set(instanceTypes).size < 2);
    return judge(
      groups.length > 0 && single.length === 0,
      "at least 2 instance types in each Auto Scaling group",
      groups.length === 0
        ? "no Auto Scaling group to look at"
        : named(groups.map((one) => `${one.name}: ${named(one.instanceTypes)}`)),
      single.length === 0
        ? "give the service a capacity provider with an Auto Scaling group"
        : single
            .map(
              ({ name }) =>
                `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --mixed-instances-policy with two types or more in LaunchTemplate.Overrides`,
            )
            .join("\n"),
    );
  },
};
