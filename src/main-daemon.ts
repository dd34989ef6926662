import { createKeySets } from "../checks/key-sets.ts";
import { load } from "./cli/context.ts";
import { stateDirectory } from "./cli/context.ts";
import type { Daemon, DaemonRequest, Doors, OpenedStore } from "./cli/doors.ts";
import { EXIT, Problem } from "./cli/exit.ts";
import { createTicker } from "./cron/ticker.ts";
import { type Fleet, type Log, type Messenger, type FallbackRoute, wait } from "./domain/index.ts";
import { FleetFile, type LoadResult } from "./inventory/index.ts";
import { RECEIPT_PATH } from "../alarms/plan-subscriptions.ts";
import { alarmParts } from "./main-alarm-watch.ts";
import { createPorts } from "./main-ports.ts";
import { createFleetFallback, createFleetMessenger, type NotifyWorld } from "./main-slack.ts";
import { Delivery } from "./notify/delivery.ts";
import { AlreadyWatched, lockDaemon } from "./store/index.ts";
import { createFileWatch } from "./system/file-watch.ts";
import { parseListen } from "./system/process.ts";
import { Services } from "./system/services.ts";
import { AlarmWatch } from "./watch/alarm-watch.ts";
import { watchEventLoop } from "./watch/event-loop.ts";
import { Beats, KeySetSaver, loadKeySets } from "./watch/facts.ts";
import { Housekeeper } from "./watch/housekeeper.ts";
import { type ChannelTrouble, configurationRejected, noticesUndelivered } from "./watch/own-trouble.ts";
import { Watcher } from "./watch/watcher.ts";
import { metricsText } from "./web/metrics.ts";
import { WebServer } from "./web/server.ts";

/** How long a starting daemon waits for a store that is out of reach, and how often it looks, ms. */
const STORE_PATIENCE_MS = 60_000;
const STORE_RETRY_MS = 2_000;
/** How many incidents a story looks at. */
const INCIDENTS = 200;

/** Builds and starts the daemon. @throws Problem when it cannot run; nothing is left running then. */
export async function startDaemon(request: DaemonRequest, doors: Doors): Promise<Daemon> {
  const { log } = request;
  const { clock, redactor } = doors;
  const loaded = await load(
    {
      config: request.configPath,
      ...(request.envFile === undefined ? {} : { envFile: request.envFile }),
      format: "text",
      color: false,
      logLevel: "info",
    },
    doors,
  );
  const listen = request.listen === undefined ? loaded.fleet.web : parseListen(request.listen);
  if (listen === undefined) {
    throw new Problem(EXIT.usage, `--listen ${request.listen}: write HOST:PORT, such as 127.0.0.1:8090`);
  }
  const lock = await lockDaemon(stateDirectory(loaded.path)).catch((error: unknown) => {
    throw error instanceof AlreadyWatched ? new Problem(EXIT.usage, error.message, { cause: error }) : error;
  });
  let opened: OpenedStore | undefined;
  try {
    opened = await openPatiently(loaded.fleet, loaded.path, doors, log, request.signal);
    request.signal?.throwIfAborted();
    const platform = await build(opened, loaded, listen, doors, log);
    await platform.services.start();
    return platform.daemon(async () => {
      await opened?.stop();
      await lock.release();
    });
  } catch (error) {
    await opened?.stop();
    await lock.release();
    throw error;
  }

  async function build(
    { store }: OpenedStore,
    { fleet: first, path, result, source }: Awaited<ReturnType<typeof load>>,
    address: { readonly host: string; readonly port: number },
    doors: Doors,
    log: Log,
  ) {
    let fleet = first;
    const world: NotifyWorld = { clock, log, redact: (text) => redactor.redact(text), env: doors.env };
    let messenger: Messenger | undefined = await createFleetMessenger(fleet, world, true);
    let fallback: FallbackRoute | undefined = await createFleetFallback(fleet, world);
    const beats = new Beats({ clock, log, store });
    const keySets = createKeySets(await loadKeySets(store));
    const ports = { ...createPorts(clock), beats, keySets };
    const ticker = createTicker({ clock });
    const alarms = new AlarmWatch({
      clock,
      log,
      ticker,
      store,
      fleet,
      ...alarmParts({
        clock,
        env: doors.env,
        cloud: () => doors.alarmCloud(log),
        chat: () =>
          messenger === undefined || fleet.slack === undefined
            ? undefined
            : { messenger, channel: fleet.slack.channel },
      }),
      platform: () => watcher,
    });
    const watcher = new Watcher({
      clock,
      log,
      store,
      ports,
      fleet,
      ticker,
      loop: watchEventLoop(),
      alarms: () => alarms.firing(),
    });
    await alarms.restore();
    const channels = new Map<string, ChannelTrouble>();
    const delivery = new Delivery({
      outbox: store.outbox,
      messengerFor: () => messenger,
      fallback: () => fallback,
      fallbackAfterMs: () => fleet.fallback?.afterMs ?? Number.POSITIVE_INFINITY,
      clock,
      log,
      redact: world.redact,
      onState(state) {
        channels.set(state.channel, state);
        const trouble = noticesUndelivered(fleet, channels.values());
        if (trouble === undefined) watcher.untell({ kind: "notices", id: fleet.name });
        else watcher.tell(trouble);
      },
    });
    let rejected: string | undefined;

    const adopt = async (next: Fleet, loaded: LoadResult & { readonly ok: true }): Promise<void> => {
      redactor.add(...loaded.redact);
      const fixed = fixedAtStart(fleet, next);
      if (fixed.length > 0) log.warn(`takes effect at the next start: ${fixed.join(", ")}`);
      watcher.setFleet({ ...next, name: fleet.name });
      fleet = { ...next, name: fleet.name };
      alarms.follow(fleet);
      [messenger, fallback] = [await createFleetMessenger(next, world, true), await createFleetFallback(next, world)];
      // What was dead may have been mended by this; what still is will say so again.
      channels.clear();
      watcher.untell({ kind: "notices", id: fleet.name });
      delivery.nudge();
      if (rejected !== undefined) watcher.untell({ kind: "configuration", id: fleet.name });
      rejected = undefined;
    };
    const file = new FleetFile({
      ...source,
      clock,
      log,
      fileWatch: createFileWatch(),
      initial: result,
      onFleet: async (next, changes, loaded) => {
        await adopt(next, loaded);
        const some = changes.slice(0, 10).map((one) => `${one.event} ${one.target}`);
        if (some.length > 0) log.info(`changed by the new configuration: ${some.join(", ")}`);
      },
      onRejected(errors) {
        const sentences = errors.map((one) =>
          redactor.redact(
            `${one.file}:${one.line}:${one.column}: ${one.path === "" ? "" : `${one.path}: `}${one.message}`,
          ),
        );
        rejected = `the configuration was refused and the one before stays in force: ${sentences[0] ?? ""}`;
        watcher.tell(configurationRejected(fleet, sentences));
      },
    });
    const problems = (): string[] => [
      ...watcher.problems(),
      ...[...channels.values()]
        .filter((one) => one.dead)
        .map((one) => `Slack channel ${one.channel} takes no messages: ${one.error ?? "no reason was given"}`),
      ...(delivery.stats().fallbackError === null
        ? []
        : [`the fallback webhook fails: ${delivery.stats().fallbackError}`]),
    ];
    const web = new WebServer({
      ...address,
      log,
      heartbeats: () => fleet.heartbeats,
      beat: (id, ok, message) => store.beat(id, clock.now(), ok, redactor.redact(message)),
      receipts: { path: RECEIPT_PATH, isOpen: () => alarms.takesMessages, take: (body) => alarms.take(body) },
      readiness: () => readiness(problems(), rejected, watcher, alarms.facts()),
      async metrics() {
        // How much waits is not known while the store is out of reach.
        const outboxWaiting = await store.outbox.backlog().then(
          ({ waiting }) => waiting,
          () => Number.NaN,
        );
        return metricsText(() => ({ ...numbersOf(watcher), outboxWaiting, ready: problems().length === 0 }));
      },
    });
    const saver = new KeySetSaver({ clock, log, store, keySets });
    const housekeeper = new Housekeeper({ clock, log, housekeeping: store.housekeeping });
    const closer = { start: () => Promise.resolve(), stop: () => ports.close() };
    const services = new Services([closer, beats, web, delivery, saver, watcher, alarms, housekeeper, file]);
    const onHup = (): void => void file.reload().then((outcome) => log.info(`SIGHUP: configuration ${outcome}`));
    process.on("SIGHUP", onHup);

    return {
      services,
      daemon(release: () => Promise<void>): Daemon {
        const { promise: ended, resolve } = Promise.withResolvers<"signal" | "failed">();
        let stopping: Promise<void> | undefined;
        const stop = async (): Promise<void> => {
          process.off("SIGHUP", onHup);
          try {
            await services.stop();
            await release();
            resolve("signal");
          } catch (error) {
            log.error("stopping was not clean", { error });
            resolve("failed");
          }
        };
        log.info(`watching fleet ${fleet.name} of ${path}`, { series: watcher.stats().sweep.series });
        return {
          webUrl: web.url,
          ended,
          stop: () => (stopping ??= stop()),
          incidents: () => store.list(INCIDENTS),
          states: () => store.states(),
        };
      },
    };
  }
}

async function openPatiently(
  fleet: Fleet,
  path: string,
  doors: Doors,
  log: Log,
  signal: AbortSignal | undefined,
): Promise<OpenedStore> {
  const began = doors.clock.monotonic();
  for (;;) {
    try {
      return await doors.openStore(fleet, path, log);
    } catch (error) {
      const isPassing = error instanceof Problem && error.exit === EXIT.unsure;
      if (!isPassing || doors.clock.monotonic() - began > STORE_PATIENCE_MS) throw error;
      log.warn(`${error.message}; trying again`);
      await wait(doors.clock, STORE_RETRY_MS, signal);
      signal?.throwIfAborted();
    }
  }
}

/** What of a new configuration cannot be taken over while running. */
function fixedAtStart(old: Fleet, next: Fleet): string[] {
  const { retention } = old.store;
  return [
    ...(next.name === old.name ? [] : ["fleet"]),
    ...(next.store.url?.reveal() === old.store.url?.reveal() ? [] : ["store.url"]),
    ...(JSON.stringify(next.store.retention) === JSON.stringify(retention) ? [] : ["store.retention"]),
    ...(next.web.host === old.web.host && next.web.port === old.web.port ? [] : ["web.listen"]),
  ];
}

function numbersOf(watcher: Watcher) {
  const stats = watcher.stats();
  return {
    observations: stats.observations,
    missed: stats.sweep.missed,
    latenessMs: stats.sweep.lateness,
    diagnosisMs: stats.toDiagnosis,
    targets: stats.sweep.series,
    running: stats.sweep.running,
    openIncidents: stats.openIncidents,
    unstored: stats.unstored,
    dropped: stats.dropped,
  };
}

/** A refused configuration is told, but the watching goes on with the one before: that is ready. */
function readiness(
  problems: readonly string[],
  rejected: string | undefined,
  watcher: Watcher,
  alarms: Readonly<Record<string, number | string>>,
) {
  const numbers = numbersOf(watcher);
  return {
    ready: problems.length === 0,
    problems: rejected === undefined ? problems : [...problems, rejected],
    facts: {
      series: numbers.targets,
      openIncidents: numbers.openIncidents,
      latenessP99Ms: numbers.latenessMs.p99,
      unstored: numbers.unstored,
      dropped: numbers.dropped,
      ...alarms,
    },
  };
}
