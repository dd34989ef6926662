import { agentSettings } from "./agent-settings.ts";
import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** A spot instance is gone two minutes after its notice. */
const LIMIT_S = 120;
/** The agent's own default. */
const DEFAULT_S = 30;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A task that may take longer to stop than the instance lives is cut off in its work. */
export const ecsStopTimeout: Rule = {
  id: "ecs-stop-timeout",
  title: "containers stop in time",
  seed: "ECS_CONTAINER_STOP_TIMEOUT: the main rule is not to set it for more than 2 minutes for spot machines",
  applies: isOnEcs,
  async check({ ecs }) {
    const { taskDefinition, capacityProviders } = await ecs();
    const isByAgent = taskDefinition.containers.some(({ stopTimeout }) => stopTimeout === undefined);
    const closed = capacityProviders.filter(({ group }) => !agentSettings(group?.userData).isReadable);
    if (isByAgent && closed.length > 0)
      throw new Error(
        `the user data of ${named(closed.map(({ name }) => name))} are compressed, and cannot be looked into`,
      );
    const agents = capacityProviders.map(({ group }) => agentTimeout(group?.userData));
    // With several groups a container may come to run under any of their agents.
    const agent = agents.length === 0 ? DEFAULT_S : Math.max(...agents);
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

/** Seconds. A duration of Go: `90s`, `1m30s`; the agent itself takes its default for what it cannot read. */
function agentTimeout(userData: string | undefined): number {
  const value = agentSettings(userData).get("ECS_CONTAINER_STOP_TIMEOUT") ?? "";
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0) return DEFAULT_S;
  return parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (SECONDS[unit] ?? 1), 0);
}
