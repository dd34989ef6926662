import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** An instance with running tasks is not the one to go when the group shrinks. */
export const ecsScaleInProtection: Rule = {
  id: "ecs-scale-in-protection",
  title: "scale-in protection",
  seed: "Instance scale-in protection: turn it on; Managed termination protection: turn it on",
  applies: isOnEcs,
  async check({ ecs }) {
    const { capacityProviders } = await ecs();
    const troubles = capacityProviders.flatMap(({ name, managedTerminationProtection, group }) => [
      ...(managedTerminationProtection ? [] : [`${name}: managed termination protection off`]),
      ...(group?.protectedFromScaleIn === false ? [`${group.name}: new instances are not protected`] : []),
    ]);
    const fixes = capacityProviders.flatMap(({ name, managedTerminationProtection, group }) => [
      // In this order: AWS refuses the second while new instances are not protected.
      ...(group?.protectedFromScaleIn === false
        ? [
            `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${group.name} --new-instances-protected-from-scale-in`,
          ]
        : []),
      ...(managedTerminationProtection
        ? []
        : [
            `aws ecs update-capacity-provider --name ${name} --auto-scaling-group-provider managedTerminationProtection=ENABLED`,
          ]),
    ]);
    return judge(
      capacityProviders.length > 0 && troubles.length === 0,
      "on for new instances, and managed termination protection on",
      capacityProviders.length === 0 ? "no capacity provider" : troubles.length === 0 ? "both on" : named(troubles),
      fixes.length === 0 ? "give the service a capacity provider (ecs-capacity-provider)" : fixes.join("\n"),
    );
  },
};
