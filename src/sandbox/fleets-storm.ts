import type { FleetPlan, PlannedDeployment } from "./fleets.ts";

const CORES_A_DEPLOYMENT = 5;
const PROCESSES = 4;

/**
 * Many small deployments: 300 cores unless fewer are asked for with more than 4, five to a deployment and instance, in four
 * processes; and one production deployment that outlives any storm over the others.
 */
export function stormFleet(cores: number): FleetPlan {
  const total = cores > PROCESSES ? cores : 300;
  const count = Math.max(1, Math.round(total / CORES_A_DEPLOYMENT));
  const small = Array.from({ length: count }, (_, index): PlannedDeployment => {
    const number = String(index + 1).padStart(2, "0");
    const place = {
      instance: `i-0b0b0b0b0b0b0${String(index + 1).padStart(4, "0")}`,
      zone: "eu-west-1a",
      host: `127.0.${10 + (index % PROCESSES)}.1`,
      process: `storm-${(index % PROCESSES) + 1}`,
    };
    return {
      id: `app-${number}`,
      app: `app-${number}`,
      kind: "development",
      secure: false,
      balanced: false,
      cores: Array.from({ length: CORES_A_DEPLOYMENT }, (_, at) => ({ ...place, id: `app-${number}-${at + 1}` })),
    };
  });
  const survivor: PlannedDeployment = {
    id: "sandbox-production",
    app: "acme",
    kind: "production",
    secure: false,
    balanced: false,
    cores: [
      { id: "acme-1", host: "127.0.1.1", instance: "i-0a1b2c3d4e5f60001", zone: "eu-west-1b", process: "survivor" },
      { id: "acme-2", host: "127.0.2.1", instance: "i-0a1b2c3d4e5f60002", zone: "eu-west-1c", process: "survivor" },
    ],
  };
  return {
    name: "storm",
    tells: `${count * CORES_A_DEPLOYMENT} cores of ${count} deployments in one zone, and one deployment elsewhere.`,
    deployments: [...small, survivor],
    checks: {
      hello: { schedule: "*/3 * * * * *", timeout: "10s", failures: 2, successes: 2, window: 5 },
      jwks: { schedule: "0 * * * * *", timeout: "5s" },
      postgres: { schedule: "*/3 * * * * *", timeout: "3s", failures: 2, successes: 2 },
      "through-load-balancer": { schedule: "*/5 * * * * *", timeout: "10s", failures: 2, successes: 1 },
      http: { schedule: "*/5 * * * * *", timeout: "5s", failures: 2, successes: 2 },
      heartbeat: { schedule: "*/5 * * * * *" },
    },
    poolSize: 5,
    sharePools: true,
    maxConnections: count * CORES_A_DEPLOYMENT + 100,
    healthCheckSpeed: 6,
  };
}
