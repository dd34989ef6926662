import type {
  CertifyPlan,
  CertifySettings,
  CertifyThresholds,
  Deployment,
  LoadTarget,
  RunHead,
} from "../domain/index.ts";
import type { ChosenScenario } from "./certify-scenario.ts";
import type { Loaded } from "./context.ts";
import type { CertifyWorld } from "./doors.ts";

/** What is to be certified, decided and agreed to. */
export interface Order {
  readonly loaded: Loaded;
  readonly deployment: Deployment;
  readonly settings: CertifySettings;
  readonly thresholds: CertifyThresholds;
  readonly plan: CertifyPlan;
  readonly scenario: ChosenScenario;
  readonly addresses: readonly string[];
  readonly seed: number;
}

/** Where load goes. Holds the api key, which never stands in a record. */
export function targetOf({ deployment, settings }: Order): LoadTarget {
  const { connectionUri, host, tls, cores } = deployment;
  return {
    url: connectionUri,
    host,
    apiKey: cores.find((core) => core.apiKey !== undefined)?.apiKey?.reveal(),
    tls: { ca: tls.ca, verify: tls.verify, serverName: tls.serverName },
    coreHeader: settings.coreHeader?.toLowerCase(),
    cores: cores.map((core) => core.id),
  };
}

/** What a record begins with. */
export function headOf(order: Order, world: CertifyWorld, startedAt: number): RunHead {
  const { loaded, deployment, settings, thresholds, plan, scenario, addresses, seed } = order;
  const { spec } = scenario;
  const settingsShown = scenario.scenario.shown?.(spec.settings) ?? spec.settings;
  return {
    version: 1,
    fleet: loaded.fleet.name,
    deployment: deployment.id,
    kind: deployment.kind,
    app: deployment.app,
    connectionUri: deployment.connectionUri,
    addresses,
    plan,
    scenario: { name: spec.name, settings: settingsShown },
    scenarioTells: scenario.scenario.describe(spec.settings),
    endpoints: scenario.scenario.endpoints(spec.settings),
    cores: deployment.cores.map((core) => core.id),
    coreHeader: settings.coreHeader ?? null,
    thresholds,
    spread: {
      cores: deployment.cores.map(({ id, instance, zone }) => ({ id, instance: instance ?? null, zone: zone ?? null })),
    },
    poolSize: deployment.poolSize,
    environment: world.environment(),
    seed,
    startedAt,
  };
}
