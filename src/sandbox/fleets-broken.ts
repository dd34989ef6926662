import type { FleetPlan } from "./fleets.ts";
import { sandboxFleet } from "./fleets-sandbox.ts";

const SLOW_MS = 800;

/** The ready-made fleet whose second production core answers everything 800 ms late: alive, and no use. */
export function slowCoreFleet(cores: number): FleetPlan {
  const plan = sandboxFleet(cores);
  return {
    ...plan,
    name: "slow-core",
    tells: `As sandbox, with one production core that answers everything ${SLOW_MS} ms late.`,
    deployments: plan.deployments.map((deployment) => ({
      ...deployment,
      cores: deployment.cores.map((core) => (core.id === "acme-2" ? { ...core, delayMs: SLOW_MS } : core)),
    })),
  };
}

/** The ready-made fleet after its database stopped: what needs it fails after five seconds, what does not goes on. */
export function databaseDownFleet(cores: number): FleetPlan {
  return {
    ...sandboxFleet(cores),
    name: "database-down",
    tells: "As sandbox, with the database stopped once everything is up.",
    databaseGone: true,
  };
}
