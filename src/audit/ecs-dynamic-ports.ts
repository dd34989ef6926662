import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** With a fixed host port one instance can hold one task only, and a deployment finds no place. */
export const ecsDynamicPorts: Rule = {
  id: "ecs-dynamic-ports",
  title: "dynamic host ports",
  seed: "Port mappings: in the Host port specify 0; it means the port will be assigned dynamically",
  applies: (deployment) => isOnEcs(deployment) && deployment.loadBalancer !== undefined,
  async check({ ecs }) {
    const { taskDefinition } = await ecs();
    const ports = taskDefinition.containers.flatMap((one) => one.ports.map((port) => ({ ...port, name: one.name })));
    const fixed = ports.filter(({ hostPort }) => hostPort !== 0);
    return judge(
      ports.length > 0 && fixed.length === 0,
      "host port 0",
      ports.length === 0
        ? "no port is mapped"
        : named(
            (fixed.length === 0 ? ports : fixed).map((one) => `${one.name}: ${one.hostPort} to ${one.containerPort}`),
          ),
      "register a task definition with hostPort 0 (aws ecs register-task-definition), and update the service to it",
    );
  },
};
