import { durationOf, peakRate } from "../../loadtests/arrivals.ts";
import { dirname, join, resolve } from "node:path";
import { planOf } from "../../loadtests/plans.ts";
import { RunFolder } from "../../loadtests/record.ts";
import { seededRandom } from "../../loadtests/random.ts";
import { runPlan } from "../../loadtests/run.ts";
import {
  type CertifyPlan,
  type CertifySettings,
  type CertifyThresholds,
  type Certificate,
  type Deployment,
  PLAN_NAMES,
} from "../domain/index.ts";
import { askConsent } from "./certify-consent.ts";
import { FILES, printCertificate, VERDICT_EXIT, writeCertificate } from "./certify-files.ts";
import { LiveFigures } from "./certify-figures.ts";
import { headOf, type Order, targetOf } from "./certify-head.ts";
import { createLiveView } from "./certify-live.ts";
import { type CertifyOptions, wishesOf } from "./certify-options.ts";
import { RunWriter } from "./certify-run.ts";
import { chooseScenario } from "./certify-scenario.ts";
import { type Loaded, reasonOf } from "./context.ts";
import type { CertifyWorld, Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { loadFound } from "./found.ts";

/** Rates above this are shared by several threads. */
const RATE_A_THREAD = 8_000;
/** In flight at most: as many as are due in this time, ms, and at least so many. */
const IN_FLIGHT_MS = 4_000;
const LEAST_IN_FLIGHT = 256;
const MOST_IN_FLIGHT = 16_000;
/** Of one request, ms: a core whose database is down answers after 5 s, and busy ones after 8. */
const REQUEST_MS = 10_000;

/** Certifies a deployment; what it writes, prints and exits with tells the same. */
export async function certify(id: string, options: CertifyOptions, doors: Doors): Promise<ExitCode> {
  if (options.agents !== undefined)
    throw new Problem(EXIT.usage, "--agents is not part of this version: load comes from this host");
  const planName = PLAN_NAMES.find((one) => one === options.plan);
  if (planName === undefined)
    throw new Problem(EXIT.usage, `there is no plan ${options.plan}: choose ${PLAN_NAMES.join(", ")}`);
  const wishes = wishesOf(options);
  const loaded = await loadFound(options, doors);
  const deployment = deploymentOf(id, loaded);
  const world = await doors.certify({
    fleet: loaded.fleet,
    deployment,
    configPath: loaded.path,
    envFile: loaded.source.envFile,
    log: loaded.log,
  });
  try {
    if (options.clean === true) return await world.alone(() => clean(deployment, options, world, doors));
    const scenario = chooseScenario(options.scenario, deployment, doors);
    const settings = settingsOf(deployment);
    const thresholds = thresholdsOf(settings, wishes);
    const plan = planOf(
      planName,
      {
        ...wishes,
        hasCapacity: world.capacity !== undefined,
        hasSurvival: settings.survival !== undefined && deployment.cores.length > 1,
        hasScale: deployment.scale !== undefined,
      },
      thresholds,
    );
    const addresses = await askConsent({ deployment, plan, yes: options.yesIOwnThis === true }, world, doors);
    const order = { loaded, deployment, settings, thresholds, plan, scenario, addresses, seed: wishes.seed };
    return await world.alone(() => run(order, options, world, doors));
  } finally {
    await world.stop();
  }
}

async function run(order: Order, options: CertifyOptions, world: CertifyWorld, doors: Doors): Promise<ExitCode> {
  const { loaded, deployment, plan, thresholds, scenario } = order;
  const { log } = loaded;
  const startedAt = doors.clock.now();
  const dir = folderOf(options, deployment, startedAt, doors);
  const head = headOf(order, world, startedAt);
  const target = targetOf(order);
  doors.err(`certifying ${deployment.id}: plan ${plan.name}, scenario ${scenario.spec.name}, seed ${order.seed}\n`);
  // Taken before anything is begun: a folder that cannot be written shows now, not after ten minutes.
  const sink = openSink(join(dir, FILES.shots), world);
  const folder = new RunFolder();
  const broken = new AbortController();
  const writer = new RunWriter(sink, folder, {
    onFailure: (error) => broken.abort(error),
    redact: (text) => doors.redactor.redact(text),
  });
  const holding = doors.hold();
  const signal = AbortSignal.any([doors.signal, broken.signal]);
  const live = createLiveView({
    out: (text) => doors.err(text),
    isTerminal: doors.terminal.isTerminal,
    width: doors.terminal.columns,
    colors: doors.terminal.isTerminal && options.color && doors.env["NO_COLOR"] === undefined,
    clock: doors.clock,
  });
  const figures = new LiveFigures(head, doors.clock, (state) => live.update(state));
  try {
    writer.begin(head);
    doors.err("starting to watch\n");
    let current = loaded.fleet;
    const observer = await world.observer(() => current, signal);
    const rate = plan.stages.reduce(
      (most, { arrivals }) => Math.max(most, arrivals === undefined ? 0 : peakRate(arrivals)),
      1,
    );
    const closedWorld = {
      random: seededRandom(order.seed, "closed"),
      thread: 0,
      threads: 1,
      tag: `${order.seed}`,
      now: () => doors.clock.monotonic(),
    };
    await runPlan(
      {
        head,
        deployment,
        target,
        setup: {
          workers: Math.max(1, Math.min(world.environment().cpus - 1, Math.ceil(rate / RATE_A_THREAD))),
          maxInFlight: Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, Math.ceil((rate * IN_FLIGHT_MS) / 1000))),
          timeoutMs: REQUEST_MS,
        },
        closedRequest: (stop) =>
          scenario.scenario.closed(scenario.spec.settings, closedWorld, (request) => world.call(target, request, stop)),
        closedExpected: scenario.scenario.closedExpects,
      },
      {
        clock: doors.clock,
        log,
        generator: world.generator,
        closed: world.closed,
        capacity: world.capacity,
        hooks: world.hooks,
        observer,
        counters: world.counters,
        async reloadDeployment() {
          const again = await loadFound({ ...options, logLevel: "silent" }, doors);
          current = again.fleet;
          return deploymentOf(deployment.id, again);
        },
        targetHealth: world.targetHealth,
        emit(event) {
          writer.event(event);
          figures.event(event);
        },
        onShots(stage, records) {
          writer.shots(stage, records);
          figures.shots(records);
        },
        onProgress: (progress) => figures.progress(progress),
        giveUp: holding.giveUp,
      },
      signal,
    );
    await observer.stop();
  } finally {
    figures.stop();
    live.end("");
    holding.release();
    await sink.close().catch((error: unknown) => doors.err(`${reasonOf(error)}\n`));
  }
  if (writer.failure !== undefined) doors.err(`${writer.failure.message}: the run ended early\n`);
  const certificate = writeCertificate(folder.record(), dir, doors);
  await remember(certificate, join(dir, FILES.certificate), thresholds, plan, world, doors);
  printCertificate(certificate, dir, options, doors);
  if (writer.failure !== undefined) return EXIT.unsure;
  return VERDICT_EXIT[certificate.verdict];
}

/** The checklist looks for certificates in the store. One that cannot be remembered is still a certificate. */
async function remember(
  certificate: Certificate,
  file: string,
  thresholds: CertifyThresholds,
  plan: CertifyPlan,
  world: CertifyWorld,
  doors: Doors,
): Promise<void> {
  try {
    await world.keep({
      at: doors.clock.now(),
      verdict: certificate.verdict,
      criteria: Object.fromEntries(certificate.criteria.map((one) => [one.id, one.outcome])),
      rate: thresholds.rate,
      heldMs: Math.max(0, ...plan.stages.map(heldMsOf)),
      sessions: plan.sessions,
      file,
      hash: certificate.hash,
    });
  } catch (error) {
    doors.err(`the store does not remember this certificate: ${doors.redactor.redact(reasonOf(error))}\n`);
  }
}

/** Of the stages that hold the rate, ms. */
function heldMsOf({ kind, arrivals }: CertifyPlan["stages"][number]): number {
  return arrivals !== undefined && (kind === "sustained" || kind === "soak") ? durationOf(arrivals) : 0;
}

async function clean(
  deployment: Deployment,
  { format }: CertifyOptions,
  world: CertifyWorld,
  doors: Doors,
): Promise<ExitCode> {
  if (world.capacity === undefined)
    throw new Problem(EXIT.usage, `${deployment.id} has no Postgres database in fleet.yaml: there is nothing to clean`);
  const database = await world.capacity();
  try {
    const removed = await database.clean((rows) => doors.err(`${rows} rows removed\n`), doors.signal);
    const { sessions, users, advice } = removed;
    if (format === "json") doors.out(`${JSON.stringify({ deployment: deployment.id, ...removed }, null, 2)}\n`);
    else
      doors.out(
        `removed what certification had added: ${sessions} sessions, ${users} users${advice === undefined ? "" : `\n${advice}`}\n`,
      );
    return EXIT.good;
  } catch (error) {
    throw new Problem(EXIT.unsure, doors.redactor.redact(reasonOf(error)), { cause: error });
  } finally {
    await database.close();
  }
}

function deploymentOf(id: string, { fleet }: Loaded): Deployment {
  const found = fleet.deployments.find((one) => one.id === id);
  if (found !== undefined) return found;
  const known = fleet.deployments.map((one) => one.id).slice(0, 10);
  throw new Problem(EXIT.usage, `there is no deployment ${id}: fleet.yaml has ${known.join(", ") || "none"}`);
}

function settingsOf({ id, certify: settings }: Deployment): CertifySettings {
  if (settings !== undefined) return settings;
  throw new Problem(EXIT.usage, `${id} has no certify section in fleet.yaml: set certify.allowed: true if it is yours`);
}

/** Flags change what is asked for, and the plan says so. */
function thresholdsOf({ thresholds }: CertifySettings, { rate }: { readonly rate?: number }): CertifyThresholds {
  // A higher rate than the one that is to be held is asked for on purpose; a lower one stays a deviation.
  return rate !== undefined && rate > thresholds.rate ? { ...thresholds, rate } : thresholds;
}

function folderOf(options: CertifyOptions, { id }: Deployment, at: number, doors: Doors): string {
  const stamp = new Date(at).toISOString().replace(/[:.]/g, "-");
  const dir = options.out === undefined ? join(doors.cwd, "certificates", id, stamp) : resolve(doors.cwd, options.out);
  const taken = Object.values(FILES).find((name) => doors.exists(join(dir, name)));
  if (taken !== undefined)
    throw new Problem(EXIT.usage, `${join(dir, taken)} is there already: name another folder with --out`);
  return dir;
}

function openSink(path: string, world: CertifyWorld): ReturnType<CertifyWorld["sink"]> {
  try {
    return world.sink(path);
  } catch (error) {
    throw new Problem(EXIT.usage, `${dirname(path)} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}
