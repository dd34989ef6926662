import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** Tasks that find no room bring an instance up, and idle instances go: by managed scaling of a capacity provider. */
export const ecsCapacityProvider: Rule = {
  id: "ecs-capacity-provider",
  title: "a capacity provider with managed scaling",
  seed: "Switch to capacity provider strategy and choose the earlier created provider; Managed scaling: turn it on",
  applies: isOnEcs,
  async check({ ecs }) {
    const { capacityProviders, cluster, name } = await ecs();
    const without = capacityProviders.filter(({ managedScaling }) => !managedScaling);
    return judge(
      capacityProviders.length > 0 && without.length === 0,
      "a capacity provider with managed scaling",
      capacityProviders.length === 0
        ? "none"
        : named(capacityProviders.map((one) => `${one.name}: managed scaling ${one.managedScaling ? "on" : "off"}`)),
      capacityProviders.length === 0
        ? `aws ecs update-service --cluster ${cluster} --service ${name} --capacity-provider-strategy capacityProvider=…,weight=1 --force-new-deployment`
        : without
            .map(
              (one) =>
                `aws ecs update-capacity-provider --name ${one.name} --auto-scaling-group-provider managedScaling={status=ENABLED}`,
            )
            .join("\n"),
    );
  },
};
