import { cpus } from "node:os";
import { wait } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { makeCertificates } from "./certificate.ts";
import { blackboxInstalled, measureBlackbox, type PeerCost } from "./blackbox.ts";
import { BenchDaemon, total } from "./daemon.ts";
import { Farm } from "./farm.ts";
import { measureNotices } from "./notices.ts";
import { measureOneShot } from "./one-shot.ts";

type Say = (line: string) => void;

/** One way of probing: the scheme and whether connections are kept. */
interface Mode {
  readonly scheme: "http" | "https";
  readonly connection: "fresh" | "reuse";
}
const MODES: readonly Mode[] = [
  { scheme: "http", connection: "reuse" },
  { scheme: "http", connection: "fresh" },
  { scheme: "https", connection: "reuse" },
  { scheme: "https", connection: "fresh" },
];
const BASE_PORT = 20_000;
const SLOT_SECONDS = 10;

/** Probing, judging and storing, beside a peer that only probes; delays to Slack; the one-shot sweep; memory. */
export async function benchSweep(quick: boolean, say: Say): Promise<unknown> {
  const seconds = quick ? 20 : 60;
  const cores = quick ? 200 : 1_000;
  const tls = await makeCertificates();
  const peers = new Map<string, PeerCost>();
  const modes: unknown[] = [];
  if (!blackboxInstalled())
    say("prometheus-blackbox-exporter is not installed (Debian: prometheus-blackbox-exporter): no ratios");
  for (const mode of MODES) {
    say(`${cores} cores, ${mode.scheme}, ${mode.connection} connections, ${seconds} s`);
    const farm = await Farm.start({
      count: cores,
      basePort: BASE_PORT,
      tls: mode.scheme === "https" ? tls : undefined,
    });
    try {
      const ours = await measureDaemon(mode, cores, seconds, tls.ca);
      if (blackboxInstalled() && !peers.has(mode.scheme)) {
        say(`prometheus-blackbox-exporter on the same ${mode.scheme} targets, ${seconds} s`);
        const urls = Array.from({ length: cores }, (_, i) => `${mode.scheme}://127.0.0.1:${BASE_PORT + i}/hello`);
        peers.set(mode.scheme, await measureBlackbox(urls, cores / SLOT_SECONDS, seconds));
      }
      const peer = peers.get(mode.scheme);
      modes.push({
        ...mode,
        cores,
        ...ours,
        peer: peer ?? null,
        ratio: peer === undefined ? null : round(ours.cpuMsPerObservation / peer.cpuMsPerProbe),
      });
    } finally {
      await farm.stop();
    }
  }
  const large = quick ? null : await measureLarge(tls, say);
  say("from the first failure to Slack");
  const notices = await measureNotices(quick ? 10 : 40, BASE_PORT);
  say("corewatch sweep over 10 cores, from node's start to its exit");
  const oneShot = await measureOneShot(quick ? 5 : 21, BASE_PORT);
  return {
    bench: "sweep",
    at: new Date(systemClock.now()).toISOString(),
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
    modes,
    large,
    notices,
    oneShot,
  };
}

/** What the daemon did and cost over `seconds`, its embedded Postgres included. */
async function measureDaemon(mode: Mode, cores: number, seconds: number, ca: string) {
  const daemon = new BenchDaemon(fleetYaml(mode, cores, ca));
  try {
    await daemon.start();
    // Two slots: connections, caches and compiled code are there, as they are in the second minute of a month.
    await wait(systemClock, 2 * SLOT_SECONDS * 1000);
    const [before, used] = [await daemon.metrics(), daemon.usage()];
    await wait(systemClock, seconds * 1000);
    const [after, spent] = [await daemon.metrics(), daemon.usage()];
    const observations = total(after, "corewatch_observations_total") - total(before, "corewatch_observations_total");
    return {
      observations,
      expected: (cores * seconds) / SLOT_SECONDS,
      up:
        (after.get('corewatch_observations_total{health="up"}') ?? 0) -
        (before.get('corewatch_observations_total{health="up"}') ?? 0),
      missedSlots: total(after, "corewatch_slots_missed_total") - total(before, "corewatch_slots_missed_total"),
      latenessMs: {
        p50: after.get('corewatch_probe_lateness_milliseconds{quantile="0.5"}') ?? null,
        p99: after.get('corewatch_probe_lateness_milliseconds{quantile="0.99"}') ?? null,
        max: after.get('corewatch_probe_lateness_milliseconds{quantile="1"}') ?? null,
      },
      cpuMsPerObservation: round((spent.cpuMs - used.cpuMs) / observations),
      memoryMiB: { pss: round(spent.pssMiB), rss: round(spent.rssMiB), processes: spent.processes },
    };
  } finally {
    await daemon.stop();
  }
}

/** 10,000 cores at 10 s: what memory and lateness become. */
async function measureLarge(tls: { key: string; cert: string; ca: string }, say: Say): Promise<unknown> {
  const cores = 10_000;
  const results: unknown[] = [];
  for (const mode of [MODES[0], MODES[2]]) {
    if (mode === undefined) continue;
    say(`${cores} cores, ${mode.scheme}, ${mode.connection} connections, 60 s`);
    const farm = await Farm.start({
      count: cores,
      basePort: BASE_PORT,
      tls: mode.scheme === "https" ? tls : undefined,
    });
    try {
      results.push({ ...mode, cores, ...(await measureDaemon(mode, cores, 60, tls.ca)) });
    } finally {
      await farm.stop();
    }
  }
  return results;
}

function fleetYaml(mode: Mode, cores: number, ca: string): string {
  const perDeployment = 10;
  const off = ["jwks", "through-load-balancer", "load-balancer", "target-health", "tls", "dns"];
  const lines = [
    "version: 1",
    "fleet: bench",
    "checks:",
    `  hello: { schedule: "*/${SLOT_SECONDS} * * * * *", connection: ${mode.connection} }`,
    ...off.map((kind) => `  ${kind}: { enabled: false }`),
    "deployments:",
  ];
  for (let d = 0; d < cores / perDeployment; d++) {
    lines.push(`  - id: d${d}`, `    app: bench`, `    kind: production`);
    lines.push(`    connectionUri: ${mode.scheme}://localhost:${BASE_PORT + d * perDeployment}`);
    if (mode.scheme === "https") lines.push(`    tls: { ca: ${JSON.stringify(ca)} }`);
    lines.push("    cores:");
    for (let c = 0; c < perDeployment; c++) {
      lines.push(`      - { id: c${c}, url: "${mode.scheme}://127.0.0.1:${BASE_PORT + d * perDeployment + c}" }`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
