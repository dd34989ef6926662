import { agentSettings } from "./agent-settings.ts";
import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** The switch as the agent's configuration has it, in the launch template's user data. */
const SWITCH = "ECS_ENABLE_SPOT_INSTANCE_DRAINING";

/** Two minutes before a spot instance is taken, its tasks are drained rather than cut. */
export const ecsSpotDraining: Rule = {
  id: "ecs-spot-draining",
  title: "spot instances drain",
  seed: "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
  applies: isOnEcs,
  async check({ ecs }) {
    const { capacityProviders } = await ecs();
    const groups = capacityProviders.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const settings = groups.map(({ name, userData }) => ({ name, agent: agentSettings(userData) }));
    const closed = settings.filter(({ agent }) => !agent.isReadable).map(({ name }) => name);
    if (closed.length > 0)
      throw new Error(`the user data of ${named(closed)} are compressed, and cannot be looked into`);
    const without = settings.filter(({ agent }) => agent.get(SWITCH) !== "true");
    return judge(
      groups.length > 0 && without.length === 0,
      "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true in /etc/ecs/ecs.config",
      groups.length === 0
        ? "no Auto Scaling group to look at"
        : without.length === 0
          ? "so in all launch templates"
          : `not in the launch template of ${named(without.map(({ name }) => name))}`,
      "add echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config to the launch template's user data, and refresh the instances",
    );
  },
};
