import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** A spot instance is gone two minutes after its notice. */
const LIMIT_S = 120;
/** The agent's own default. */
const DEFAULT_S = 30;
const SETTING = /ECS_CONTAINER_STOP_TIMEOUT\s*=\s*"?(\d+)\s*(ms|s|m|h)?/;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A task that may take longer to stop than the instance lives is cut off in its work. */
export const ecsStopTimeout: Rule = {
  id: "ecs-stop-timeout",
  title: "containers stop in time",
  seed: "ECS_CONTAINER_STOP_TIMEOUT: the main rule is not to set it for more than 2 minutes for spot machines",
  applies: isOnEcs,
  async check({ ecs }) {
    const { taskDefinition, capacityProviders } = await ecs();
    const agents = capacityProviders.map(({ group }) => agentTimeout(group?.userData));
    const agent = Math.max(DEFAULT_S, ...agents);
    const limits = taskDefinition.containers.map(({ name, stopTimeout }) => ({ name, seconds: stopTimeout ?? agent }));
    const late = limits.filter(({ seconds }) => seconds >= LIMIT_S);
    return judge(
      late.length === 0,
      `less than ${LIMIT_S} s`,
      named(limits.map(({ name, seconds }) => `${name}: ${seconds} s`)),
      "set stopTimeout of the container, or ECS_CONTAINER_STOP_TIMEOUT in the launch template's user data, to less than two minutes (1m)",
    );
  },
};

function agentTimeout(userData: string | undefined): number {
  const found = SETTING.exec(userData ?? "");
  return found === null ? 0 : Number(found[1]) * (SECONDS[found[2] ?? "s"] ?? 1);
}
