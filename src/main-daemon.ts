import { createKeySets } from "../checks/key-sets.ts";
import { load } from "./cli/context.ts";
import { stateDirectory } from "./cli/context.ts";
import type { Daemon, DaemonRequest, Doors, OpenedStore } from "./cli/doors.ts";
import { EXIT, Problem } from "./cli/exit.ts";
import { createTicker } from "./cron/ticker.ts";
import type { Fleet, Log, Messenger, FallbackRoute } from "./domain/index.ts";
import { FleetFile, type LoadResult } from "./inventory/index.ts";
import { RECEIPT_PATH } from "../alarms/plan-subscriptions.ts";
import { alarmParts } from "./main-alarm-watch.ts";
import { fixedAtStart, numbersOf, openPatiently, readiness } from "./main-daemon-parts.ts";
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
import { InventoryWatch } from "./watch/inventory-watch.ts";
import { type ChannelTrouble, configurationRejected, noticesUndelivered } from "./watch/own-trouble.ts";
import { Watcher } from "./watch/watcher.ts";
import { metricsText } from "./web/metrics.ts";
import { WebServer } from "./web/server.ts";

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
    const inventory = new InventoryWatch({
      clock,
      log,
      ticker: createTicker({ clock }),
      store,
      fleet: first,
      sources: () => doors.coreSources(ports.loadBalancers),
      notices: () => doors.hostNotices(),
      platform: () => watcher,
      onFleet: (found) => follow(found),
    });
    let fleet = await inventory.restore();
    const world: NotifyWorld = { clock, log, redact: (text) => redactor.redact(text), env: doors.env };
    let messenger: Messenger | undefined = await createFleetMessenger(fleet, world, true);
    let fallback: FallbackRoute | undefined = await createFleetFallback(fleet, world);
    const beats = new Beats({ clock, log, store });
    const keySets = createKeySets(await loadKeySets(store));
    const ports = { ...createPorts(clock, fleet), beats, keySets };
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
      onFirstBad: (target) => inventory.suspect(target),
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

    /** Phases, states and incidents of what stays go on. */
    const follow = (next: Fleet): void => {
      watcher.setFleet(next);
      fleet = next;
      alarms.follow(fleet);
    };
    const adopt = async (next: Fleet, loaded: LoadResult & { readonly ok: true }): Promise<void> => {
      redactor.add(...loaded.redact);
      const fixed = fixedAtStart(fleet, next);
      if (fixed.length > 0) log.warn(`takes effect at the next start: ${fixed.join(", ")}`);
      follow(inventory.follow({ ...next, name: fleet.name }));
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
      readiness: () => readiness(problems(), rejected, watcher, inventory, alarms.facts()),
      async metrics() {
        // How much waits is not known while the store is out of reach.
        const outboxWaiting = await store.outbox.backlog().then(
          ({ waiting }) => waiting,
          () => Number.NaN,
        );
        return metricsText(() => ({ ...numbersOf(watcher, inventory), outboxWaiting, ready: problems().length === 0 }));
      },
    });
    const saver = new KeySetSaver({ clock, log, store, keySets });
    const housekeeper = new Housekeeper({ clock, log, housekeeping: store.housekeeping });
    const closer = { start: () => Promise.resolve(), stop: () => ports.close() };
    const services = new Services([closer, beats, web, delivery, saver, watcher, alarms, inventory, housekeeper, file]);
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
