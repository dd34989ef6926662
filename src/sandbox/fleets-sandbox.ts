import type { FleetPlan, PlannedCore } from "./fleets.ts";

/** Above this many cores a process holds several of them. */
const OWN_PROCESS = 12;
const CORES_A_PROCESS = 40;

const INSTANCES = [
  { instance: "i-0a1b2c3d4e5f60001", zone: "eu-west-1a", host: "127.0.1.1" },
  { instance: "i-0a1b2c3d4e5f60002", zone: "eu-west-1b", host: "127.0.2.1" },
] as const;
const DEVELOPMENT = { instance: "i-0a1b2c3d4e5f60003", zone: "eu-west-1a", host: "127.0.3.1" } as const;

/**
 * The ready-made fleet: a production deployment over two instances in two zones behind a load balancer and, from three
 * cores on, one development core. `cores` counts both; at least 2. Schedules are short, so that a dead core is a message
 * within ten seconds.
 */
export function sandboxFleet(cores: number): FleetPlan {
  const total = Math.max(2, cores);
  const production = total >= 3 ? total - 1 : total;
  const shared = total > OWN_PROCESS;
  const ofProduction = Array.from({ length: production }, (_, index): PlannedCore => {
    const place = INSTANCES[index % 2 === 0 ? 0 : 1];
    const id = `acme-${index + 1}`;
    const group = `${place.instance}-${Math.floor(index / 2 / CORES_A_PROCESS)}`;
    return { ...place, id, process: shared ? group : id };
  });
  const ofDevelopment: PlannedCore[] = total >= 3 ? [{ ...DEVELOPMENT, id: "dev-1", process: "dev-1" }] : [];
  return {
    name: "sandbox",
    tells: "A production deployment over two instances and zones behind a load balancer, and a development core.",
    deployments: [
      {
        id: "sandbox-production",
        app: "acme",
        kind: "production",
        secure: true,
        balanced: true,
        certified: true,
        cores: ofProduction,
      },
      ...(ofDevelopment.length === 0
        ? []
        : [
            {
              id: "sandbox-development",
              app: "acme-dev",
              kind: "development" as const,
              secure: false,
              balanced: false,
              certified: false,
              cores: ofDevelopment,
            },
          ]),
    ],
    checks: shared ? { ...CHECKS, hello: { ...CHECKS.hello, schedule: "*/5 * * * * *" } } : CHECKS,
    poolSize: shared ? 5 : 10,
    sharePools: shared,
    maxConnections: shared ? total + 100 : total * 10 + 100,
    healthCheckSpeed: shared ? 6 : 60,
  };
}

/**
 * What goes over several cores is taken for well at its first good answer: it follows from the cores, which need two.
 * The timeout of what asks a core's database is 10 s: a core whose database is down answers 500 after 5 s.
 */
const CHECKS = {
  hello: { schedule: "*/2 * * * * *", timeout: "10s", failures: 2, successes: 2, window: 5 },
  jwks: { schedule: "*/10 * * * * *", timeout: "5s", failures: 2, successes: 2 },
  postgres: { schedule: "*/2 * * * * *", timeout: "3s", failures: 2, successes: 2 },
  "through-load-balancer": { schedule: "*/2 * * * * *", timeout: "10s", failures: 2, successes: 1 },
  "load-balancer": { schedule: "*/2 * * * * *", timeout: "5s", failures: 2, successes: 1 },
  "target-health": { schedule: "*/2 * * * * *", timeout: "5s", failures: 2, successes: 1 },
  session: { enabled: true, schedule: "*/3 * * * * *", timeout: "10s", failures: 2, successes: 1 },
  tls: { schedule: "*/15 * * * * *", timeout: "5s" },
  http: { schedule: "*/5 * * * * *", timeout: "5s", failures: 2, successes: 2 },
  heartbeat: { schedule: "*/5 * * * * *" },
} as const;

/** Checks of a fleet whose settings are looked at rather than its outages. */
export const auditedChecks: FleetPlan["checks"] = { ...CHECKS, session: { ...CHECKS.session, enabled: false } };
