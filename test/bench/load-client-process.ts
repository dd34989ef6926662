import { runAttack } from "../../loadtests/attack.ts";
import { durationOf } from "../../loadtests/arrivals.ts";
import { forEachShot } from "../../loadtests/shots.ts";
import { Tally } from "../../loadtests/tally.ts";
import { createLoadGenerator } from "../../src/load/generator.ts";
import { createUndiciTransport } from "../../src/load/transport.ts";
import { NO_CORE } from "../../src/domain/index.ts";
import type { Arrivals, LoadTarget } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import type { ClientOrder, ClientReport } from "./load-processes.ts";

/** The generator in a process of its own, as certification uses it: a worker thread, records tallied in the main thread. */
const order = JSON.parse(process.argv[2] ?? "{}") as ClientOrder;
const target: LoadTarget = {
  url: order.url,
  host: new URL(order.url).host,
  apiKey: undefined,
  tls: { ca: undefined, verify: true, serverName: "localhost" },
  coreHeader: undefined,
  cores: [],
};
process.on("disconnect", () => process.exit(0));
const never = new AbortController().signal;
const MAX_IN_FLIGHT = 4000;
const TIMEOUT_MS = 10_000;

const generator = createLoadGenerator({ clock: systemClock, log: recordingLog() });
if (!order.numbered) {
  await generator.start(
    {
      target,
      scenario: { name: "hello", settings: {} },
      workers: 1,
      seed: 1,
      maxInFlight: MAX_IN_FLIGHT,
      timeoutMs: TIMEOUT_MS,
    },
    never,
  );
}
if (order.warmUp !== undefined) await stage(order.warmUp);
process.send?.(await stage(order.arrivals));
await generator.stop();

async function stage(arrivals: Arrivals): Promise<ClientReport> {
  const tally = new Tally({ endpoints: 1, cores: 0, durationMs: durationOf(arrivals) });
  const began = process.cpuUsage();
  const beganMs = systemClock.monotonic();
  const beginAt = systemClock.monotonic() + 20;
  const beginShared = Number(process.hrtime.bigint()) / 1e6 + 20;
  const seconds: number[] = [];
  const hundredths: number[] = [];
  const take = (records: Uint8Array): void => {
    tally.add(records);
    forEachShot(records, (scheduledUs, latenessUs) => {
      const sentUs = scheduledUs + latenessUs;
      seconds[Math.floor(sentUs / 1e6)] = (seconds[Math.floor(sentUs / 1e6)] ?? 0) + 1;
      hundredths[Math.floor(sentUs / 1e4)] = (hundredths[Math.floor(sentUs / 1e4)] ?? 0) + 1;
    });
  };
  if (order.numbered) await attackNumbered(arrivals, beginAt, take);
  else await generator.stage(arrivals, take, never);
  const whole = seconds.slice(0, Math.floor(durationOf(arrivals) / 1000));
  const { user, system } = process.cpuUsage(began);
  const { all, lateness, dispersion, plannedDispersion, sentRate } = tally.figures();
  const at = ({ at }: { at(percent: number): number }, of: object): number[] =>
    [50, 90, 99, 99.9].map((percent) => at.call(of, percent));
  return {
    offered: all.offered,
    ok: all.counts.ok,
    dropped: all.counts.dropped,
    response: at(all.response, all.response),
    service: at(all.service, all.service),
    lateness: at(lateness, lateness),
    dispersion,
    plannedDispersion,
    sentRate,
    sentPerSecond: [Math.min(...whole), Math.max(...whole)],
    mostSentIn10ms: hundredths.reduce((most, count) => Math.max(most, count), 0),
    cpuShare: (user + system) / 1000 / (systemClock.monotonic() - beganMs),
    memoryMiB: process.memoryUsage.rss() / 1024 / 1024,
    beganAt: beginShared,
  };
}

/** Each request names its number, so that the server's log says what became of it. */
async function attackNumbered(
  arrivals: Arrivals,
  beginAt: number,
  onShots: (records: Uint8Array) => void,
): Promise<void> {
  const transport = createUndiciTransport({
    target,
    timeoutMs: TIMEOUT_MS,
    maxConnections: MAX_IN_FLIGHT,
    clock: systemClock,
  });
  let number = 0;
  await runAttack({
    arrivals,
    beginAt,
    thread: 0,
    threads: 1,
    seed: 1,
    clock: systemClock,
    transport,
    scenario: {
      prepare: () => undefined,
      next: () => ({
        endpoint: 0,
        request: { method: "GET", path: `/${number++}`, headers: {}, body: undefined },
        judge: (status) => (status === 200 ? "ok" : "non-2xx"),
        abandon: () => undefined,
      }),
    },
    maxInFlight: MAX_IN_FLIGHT,
    coreIndex: () => NO_CORE,
    onShots,
    flushMs: 100,
    signal: never,
  });
  await transport.close();
}
