import { Counter, Gauge, Registry } from "@prometheus-io/client";
import { HEALTHS, type Health } from "../domain/index.ts";

/** What the platform counts about itself; read each time that /metrics is asked. */
export interface PlatformNumbers {
  /** Observations since the start, by health. */
  readonly observations: Readonly<Record<Health, number>>;
  /** Slots that were not run since the start, by reason. */
  readonly missed: Readonly<Record<string, number>>;
  /** How much later than scheduled probes start, ms. */
  readonly latenessMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the first failing observation to the diagnosis, ms. */
  readonly diagnosisMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly targets: number;
  readonly running: number;
  readonly openIncidents: number;
  readonly outboxWaiting: number;
  /** Observations that are in memory and not yet stored. */
  readonly unstored: number;
  /** Observations that did not fit the bound while the store was out of reach. */
  readonly dropped: number;
  readonly ready: boolean;
  readonly inventory: {
    readonly found: number;
    readonly leaving: number;
    readonly starting: number;
    readonly stale: number;
    readonly events: number;
    readonly timeToHealthyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  };
}

/** The Prometheus text of these numbers. */
export function metricsText(read: () => PlatformNumbers): Promise<string> {
  const registry = new Registry();
  const numbers = read();
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name, help, registers: [registry] }).set(value);
  const counter = (name: string, help: string, label: string, values: Readonly<Record<string, number>>): void => {
    const made = new Counter({ name, help, labelNames: [label], registers: [registry] });
    for (const [key, value] of Object.entries(values)) made.inc({ [label]: key }, value);
  };
  const quantiles = (name: string, help: string, values: { p50: number; p99: number; max: number }): void => {
    const made = new Gauge({ name, help, labelNames: ["quantile"], registers: [registry] });
    made.set({ quantile: "0.5" }, values.p50);
    made.set({ quantile: "0.99" }, values.p99);
    made.set({ quantile: "1" }, values.max);
  };
  counter("corewatch_observations_total", "Observations since the start, by health.", "health", {
    ...Object.fromEntries(HEALTHS.map((health) => [health, 0])),
    ...numbers.observations,
  });
  counter("corewatch_slots_missed_total", "Slots that were not run since the start, by reason.", "why", numbers.missed);
  quantiles("corewatch_probe_lateness_milliseconds", "How much later than scheduled probes start.", numbers.latenessMs);
  quantiles(
    "corewatch_diagnosis_milliseconds",
    "From the first failing observation to the diagnosis.",
    numbers.diagnosisMs,
  );
  gauge("corewatch_series", "Series that are watched.", numbers.targets);
  gauge("corewatch_probes_running", "Probes under way.", numbers.running);
  gauge("corewatch_incidents_open", "Incidents that are open or acknowledged.", numbers.openIncidents);
  gauge("corewatch_outbox_waiting", "Notices that wait for delivery.", numbers.outboxWaiting);
  gauge("corewatch_observations_unstored", "Observations in memory, not yet stored.", numbers.unstored);
  gauge(
    "corewatch_observations_dropped",
    "Observations lost to the bound while the store was out of reach.",
    numbers.dropped,
  );
  const { inventory } = numbers;
  gauge("corewatch_cores_found", "Cores that the inventory found.", inventory.found);
  gauge("corewatch_cores_leaving", "Found cores that are expected to go.", inventory.leaving);
  gauge("corewatch_cores_starting", "Found cores that are new and were not seen well yet.", inventory.starting);
  gauge("corewatch_inventory_stale", "Deployments whose cores could not be read.", inventory.stale);
  new Counter({
    name: "corewatch_inventory_events_total",
    help: "Changes of the inventory since the start.",
    registers: [registry],
  }).inc(inventory.events);
  quantiles(
    "corewatch_core_time_to_healthy_milliseconds",
    "From a new core's start to its first good answer.",
    inventory.timeToHealthyMs,
  );
  gauge("corewatch_ready", "1 when nothing of corewatch itself is wrong.", numbers.ready ? 1 : 0);
  return registry.metrics();
}
