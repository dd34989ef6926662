import { lookup } from "node:dns/promises";
import { fileURLToPath } from "node:url";
import { readRecord } from "../alarms/run.ts";
import { createTargetGroups } from "./aws/target-group.ts";
import type { CertifyRequest, CertifyWorld, Doors, OpenedStore } from "./cli/doors.ts";
import { EXIT, Problem } from "./cli/exit.ts";
import { CloudError, type CloudPlace, type Deployment, type LoadTarget, type WireRequest } from "./domain/index.ts";
import { createClosedLoad } from "./load/closed.ts";
import { createCoreCounters } from "./load/core-counters.ts";
import { describeEnvironment } from "./load/environment.ts";
import type { LookUp } from "./load/addresses.ts";
import { createLoadGenerator } from "./load/generator.ts";
import { createHookRunner } from "./load/hooks.ts";
import { type OwnDaemon, startOwnDaemon } from "./load/own-daemon.ts";
import { createShotsFile } from "./load/shots-file.ts";
import { createUndiciTransport } from "./load/transport.ts";
import { certificatesKey } from "./watch/audit-knowledge.ts";
import { createAlarmsOf } from "./watch/run-alarms.ts";
import { lookUpAt } from "./main-look-up.ts";
import { createPorts } from "./main-ports.ts";
import { createRunObserver } from "./watch/run-observer.ts";

/** As the door's first line has it. */
const NODE_OPTIONS = ["--max-semi-space-size=8", "--"];
/** Of a single request that prepares something, ms. */
const CALL_MS = 15_000;
/** How many runs of a deployment the store remembers. */
const KEPT_CERTIFICATES = 50;

/** Joins everything that certification does the world with. Threads, daemon and store are started when they are first needed. */
export function createCertifyWorld(request: CertifyRequest, doors: Doors): CertifyWorld {
  const { fleet, deployment, configPath, envFile, log } = request;
  const { clock, redactor } = doors;
  const redact = (text: string): string => redactor.redact(text);
  const ports = createPorts(clock, fleet);
  const { http, loadBalancers } = ports;
  const lookUp = lookUpAt(fleet.resolvers, clock);
  const addresses = (host: string): Promise<readonly string[]> => addressesOf(host, lookUp);
  const targetGroups = createTargetGroups({ clock, loadBalancers, region: fleet.region });
  const database = fleet.databases.find((one) => one.id === deployment.database);
  const isBalanced = deployment.loadBalancer !== undefined;
  let opened: Promise<OpenedStore> | undefined;
  let daemon: OwnDaemon | undefined;
  // An interrupted run still looks once more at its alarms.
  const looking = new AbortController();
  const store = (): Promise<OpenedStore> => (opened ??= doors.openStore(fleet, configPath, log));

  return {
    generator: createLoadGenerator({ clock, log }),
    closed: createClosedLoad({ clock, log }),
    capacity:
      database?.kind === "postgres"
        ? async () => (await import("./load/capacity.ts")).openCapacityDatabase(database.url, { clock, log })
        : undefined,
    hooks: createHookRunner({
      env: doors.env,
      redact,
      targetGroups: isBalanced ? targetGroups : undefined,
    }),
    counters: createCoreCounters(http),
    targetHealth: isBalanced ? (of, signal) => targetGroups.health(of, signal) : undefined,
    environment: () => describeEnvironment(doors.version),
    addresses,
    async loadBalancerAddresses() {
      if (deployment.loadBalancer === undefined) return [];
      try {
        const facts = await loadBalancers.describe(
          deployment.loadBalancer,
          placeOf(deployment, fleet.region),
          doors.signal,
        );
        return await addresses(facts.dnsName);
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        log.warn(redact(`the load balancer ${deployment.loadBalancer} could not be looked up: ${error.message}`));
        return [];
      }
    },
    async call(target, wire, signal) {
      const transport = createUndiciTransport({
        target,
        clock,
        timeoutMs: CALL_MS,
        maxConnections: 1,
        ...(lookUp === undefined ? {} : { lookUp }),
      });
      try {
        return await answerOf(target, wire, transport.send.bind(transport), signal);
      } finally {
        await transport.close();
      }
    },
    async alone(work) {
      const { store: kept } = await store();
      const turn = await kept.exclusive(`certify ${deployment.id}`, work);
      if (turn.held) return turn.result;
      throw new Problem(EXIT.usage, `another certification of ${deployment.id} is under way: wait for its end`);
    },
    async observer(current, signal) {
      const door = fileURLToPath(new URL("./cli/corewatch.mjs", import.meta.url));
      daemon = await startOwnDaemon({
        command: [process.execPath, ...NODE_OPTIONS, door],
        config: configPath,
        envFile,
        env: doors.env,
        clock,
        log,
        signal,
      });
      const { store: kept } = await store();
      const cloud = await doors.alarmCloud(log);
      const alarmsOf = createAlarmsOf({
        fleet,
        deployment: deployment.id,
        reader: cloud.reader,
        pacer: cloud.pacer,
        record: () => readRecord(kept),
        signal: looking.signal,
      });
      return createRunObserver({
        store: kept,
        daemon: daemon === undefined ? "running" : "own",
        fleet: current,
        alarmsOf: isBalanced ? alarmsOf : undefined,
        ticker: await doors.ticker(),
        clock,
      });
    },
    sink: createShotsFile,
    async keep(certificate) {
      const { store: kept } = await store();
      const key = certificatesKey(deployment.id);
      const before: unknown = await kept.getFact(key);
      const list: unknown[] = Array.isArray(before) ? before : [];
      await kept.putFact(key, [certificate, ...list].slice(0, KEPT_CERTIFICATES));
    },
    async stop() {
      looking.abort();
      await daemon?.stop();
      await (await opened?.catch(() => undefined))?.stop();
      await ports.close();
    },
  };
}

function placeOf({ region, roleArn }: Deployment, fallback: string | undefined): CloudPlace {
  return { region: region ?? fallback, roleArn };
}

/** As this host resolves it, or the fleet's name servers do: that is where load would go. */
async function addressesOf(host: string, lookUp: LookUp | undefined): Promise<readonly string[]> {
  const name = host.replace(/^\[(.+)\]$/, "$1");
  if (lookUp !== undefined) {
    return new Promise((resolve, reject) => {
      lookUp(name, (error, found) => (error === null ? resolve(found) : reject(error)));
    });
  }
  const found = await lookup(name, { all: true }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOTFOUND") return [];
    throw error;
  });
  return found.map((one) => one.address);
}

function answerOf(
  target: LoadTarget,
  wire: WireRequest,
  send: ReturnType<typeof createUndiciTransport>["send"],
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error("interrupted"));
    signal.addEventListener("abort", stop, { once: true });
    send(wire, (result) => {
      signal.removeEventListener("abort", stop);
      if (result.kind === "answer") resolve({ status: result.status, body: result.body });
      else reject(new Error(`${wire.method} ${wire.path} at ${target.url}: ${result.kind} (${result.detail})`));
    });
  });
}
