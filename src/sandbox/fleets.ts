import { databaseDownFleet, slowCoreFleet } from "./fleets-broken.ts";
import type { PlannedAccount } from "./fleets-account-plan.ts";
import { ecsSpotAlb, ecsSpotNoLb } from "./fleets-ecs.ts";
import { ecsSpotAlbBroken, ecsSpotNoLbBroken } from "./fleets-ecs-broken.ts";
import { sandboxFleet } from "./fleets-sandbox.ts";
import { stormFleet } from "./fleets-storm.ts";
import { supertokensDedicated, supertokensMultiTenant } from "./fleets-supertokens.ts";
import { supertokensDedicatedBroken, supertokensMultiTenantBroken } from "./fleets-supertokens-broken.ts";

/** One core of a planned fleet. */
export interface PlannedCore {
  readonly id: string;
  /** Loopback address of its instance. */
  readonly host: string;
  readonly instance: string;
  readonly zone: string;
  /** Every answer of it begins this much later, ms. */
  readonly delayMs?: number;
  /** Cores with the same name here share one operating system process. */
  readonly process: string;
  /** Its port, and no other; absent: 3567, or the next one that is free on its instance. */
  readonly port?: number;
}

/** One deployment of a planned fleet. */
export interface PlannedDeployment {
  readonly id: string;
  readonly app: string;
  readonly kind: "production" | "development";
  /** HTTPS and an api key. */
  readonly secure: boolean;
  /** Behind a load balancer; else its connectionUri is its first core. */
  readonly balanced: boolean;
  /** Whether load may be put on it; absent: nothing is said about it. */
  readonly certified?: boolean;
  /** Its connectionUri, where that is not the load balancer's or the first core's address. */
  readonly connectionUri?: string;
  /** Further settings of it, as fleet.yaml has them. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly cores: readonly PlannedCore[];
}

/** Settings of one kind of check as fleet.yaml has them. */
export type PlannedCheck = Readonly<Record<string, string | number | boolean>>;

/** A fleet before it runs: data alone. */
export interface FleetPlan {
  readonly name: string;
  readonly tells: string;
  readonly deployments: readonly PlannedDeployment[];
  readonly checks: Readonly<Record<string, PlannedCheck>>;
  /** Connections that each core holds, or each process where cores share them. */
  readonly poolSize: number;
  readonly sharePools: boolean;
  readonly maxConnections: number;
  /** The database is stopped once everything is up. */
  readonly databaseGone?: boolean;
  /** By how much the seed's health check of 30 s is faster. */
  readonly healthCheckSpeed: number;
  /** What else there is in the AWS account; absent: load balancers alone, at addresses instead of names. */
  readonly account?: PlannedAccount;
}

/** The fleets that a sandbox can be, by name; each from a wanted number of cores. */
export const FLEETS: Readonly<Record<string, (cores: number) => FleetPlan>> = {
  sandbox: sandboxFleet,
  storm: stormFleet,
  "slow-core": slowCoreFleet,
  "database-down": databaseDownFleet,
  "supertokens-dedicated": supertokensDedicated,
  "supertokens-dedicated-broken": supertokensDedicatedBroken,
  "supertokens-multi-tenant": supertokensMultiTenant,
  "supertokens-multi-tenant-broken": supertokensMultiTenantBroken,
  "ecs-spot-alb": ecsSpotAlb,
  "ecs-spot-alb-broken": ecsSpotAlbBroken,
  "ecs-spot-no-lb": ecsSpotNoLb,
  "ecs-spot-no-lb-broken": ecsSpotNoLbBroken,
};

/** @throws Error that names the fleets there are. */
export function planFleet(name: string, cores: number): FleetPlan {
  const plan = Object.hasOwn(FLEETS, name) ? FLEETS[name] : undefined;
  if (plan === undefined) {
    throw new Error(`there is no sandbox fleet "${name}": choose one of ${Object.keys(FLEETS).join(", ")}`);
  }
  return plan(cores);
}
