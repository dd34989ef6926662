import { closedPeers } from "./load-closed.ts";
import { startFastServer } from "./load-nginx.ts";
import { runClient, SERVER_CORE, startServer } from "./load-processes.ts";
import type { ClientOrder, ClientReport } from "./load-processes.ts";

interface ServerLog {
  readonly asked: readonly number[];
  readonly answered: readonly (number | null)[];
}

interface PacingRound {
  readonly kind: string;
  /** Fewest and most arrivals in a second, and most in 10 ms, as the server saw them … */
  readonly perSecond: readonly number[];
  readonly mostIn10ms: number;
  /** … and as they were sent. */
  readonly sentPerSecond: readonly number[];
  readonly mostSentIn10ms: number;
  readonly cpuShare: number;
  readonly dispersion: number;
  readonly plannedDispersion: number;
  readonly sentRate: number;
  readonly latenessP50Ms: number | undefined;
  readonly latenessP99Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly memoryMiB: number;
  readonly dropped: number;
}

interface FreezingRound {
  readonly requests: number;
  readonly ok: number;
  readonly truthMs: readonly number[];
  readonly measuredMs: readonly number[];
  /** Of the truth. */
  readonly offBy: readonly number[];
  /** What is seen from the moment of sending. */
  readonly serviceMs: readonly number[];
}

type Say = (line: string) => void;

const RATE = 1000;
/** A rate counts as reached while the generator's own lateness is at most this at 99%, ms. */
const LATENESS_P99_MS = 5;
const PERCENTS = [50, 90, 99, 99.9];

/** Pacing at 1,000 requests a second against a healthy server, judged by the server's own log; medians over rounds. */
export async function benchPacing(quick: boolean, say: Say): Promise<unknown> {
  const rounds: PacingRound[] = [];
  const durationMs = quick ? 5000 : 10_000;
  for (let round = 0; round < (quick ? 3 : 5); round++) {
    for (const kind of ["constant", "poisson"] as const) {
      const { log, report } = await attackServer("healthy", {
        arrivals: { kind, rate: RATE, durationMs },
        warmUp: { kind: "constant", rate: RATE, durationMs: 2000 },
        numbered: false,
      });
      const [first = 0] = log.asked;
      // The server's log holds the warm-up too: the stage is the end of it.
      const own = log.asked.slice(-report.offered).map((at) => at - (log.asked.at(-report.offered) ?? first));
      const seconds = counted(own, 1000).slice(0, durationMs / 1000);
      const result: PacingRound = {
        kind,
        perSecond: [Math.min(...seconds), Math.max(...seconds)],
        mostIn10ms: Math.max(...counted(own, 10)),
        sentPerSecond: report.sentPerSecond,
        mostSentIn10ms: report.mostSentIn10ms,
        cpuShare: report.cpuShare,
        dispersion: report.dispersion,
        plannedDispersion: report.plannedDispersion,
        sentRate: report.sentRate,
        latenessP50Ms: report.lateness[0],
        latenessP99Ms: report.lateness[2],
        p99Ms: report.response[2],
        memoryMiB: report.memoryMiB,
        dropped: report.dropped,
      };
      rounds.push(result);
      say(`pacing ${JSON.stringify(result)}`);
    }
  }
  const of = (kind: string): PacingRound[] => rounds.filter((round) => round.kind === kind);
  const even = of("constant");
  return {
    rate: RATE,
    perSecondMin: median(even.map((round) => round.perSecond[0] ?? 0)),
    perSecondMax: median(even.map((round) => round.perSecond[1] ?? 0)),
    mostIn10ms: median(even.map((round) => round.mostIn10ms)),
    sentPerSecondMin: median(even.map((round) => round.sentPerSecond[0] ?? 0)),
    sentPerSecondMax: median(even.map((round) => round.sentPerSecond[1] ?? 0)),
    mostSentIn10ms: median(even.map((round) => round.mostSentIn10ms)),
    cpuShare: median(even.map((round) => round.cpuShare)),
    dispersionEven: median(even.map((round) => round.dispersion)),
    dispersionPoisson: median(of("poisson").map((round) => round.dispersion)),
    latenessP99Ms: median(even.map((round) => round.latenessP99Ms ?? 0)),
    memoryMiB: Math.max(...rounds.map((round) => round.memoryMiB)),
    rounds,
  };
}

/** A server that freezes for 1 s in every 5 s: what was measured, against what its own log says (answered − due). */
export async function benchFreezing(quick: boolean, say: Say): Promise<unknown> {
  const rounds: FreezingRound[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const { log, report } = await attackServer("freeze", {
      arrivals: { kind: "constant", rate: RATE, durationMs: quick ? 10_000 : 20_000 },
      warmUp: undefined,
      numbered: true,
    });
    const truth = log.answered
      .flatMap((at, i) => (at === null ? [] : [at - report.beganAt - (i * 1000) / RATE]))
      .sort((a, b) => a - b);
    const real = PERCENTS.map((percent) => truth[Math.ceil((percent / 100) * truth.length) - 1] ?? 0);
    const result: FreezingRound = {
      requests: report.offered,
      ok: report.ok,
      truthMs: real,
      measuredMs: report.response,
      offBy: real.map((ms, i) => ((report.response[i] ?? 0) - ms) / ms),
      serviceMs: report.service,
    };
    rounds.push(result);
    say(`freezing ${JSON.stringify(result)}`);
  }
  return { percents: PERCENTS, offBy: PERCENTS.map((_, i) => median(rounds.map((r) => r.offBy[i] ?? 0))), rounds };
}

/** The highest open-loop rate with little lateness on one core, beside the closed-loop rate of stock autocannon on the same core. */
export async function benchHighest(quick: boolean, say: Say): Promise<unknown> {
  const rounds: { autocannon: number; wrk: number | null; open: number; ratio: number }[] = [];
  let name = "";
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const server = await startFastServer(SERVER_CORE);
    name = server.name;
    try {
      const peers = await closedPeers({ url: `${server.url}/hello`, seconds: quick ? 3 : 5, connections: 64 });
      const autocannon = peers.autocannon.rate;
      const open = await highestRate(server.url, autocannon, quick, say);
      rounds.push({ autocannon, wrk: peers.wrk?.rate ?? null, open, ratio: open / autocannon });
      say(`highest ${JSON.stringify(rounds.at(-1))}`);
    } finally {
      await server.stop();
    }
  }
  return { ratio: median(rounds.map((round) => round.ratio)), server: name, rounds };
}

/** So often a rate is tried before it counts as not held: what else runs on the host can only make it worse. */
const TRIES = 3;

/** Halves the interval between a rate that was held and one that was not. */
async function highestRate(url: string, closed: number, quick: boolean, say: Say): Promise<number> {
  let held = 0;
  let failed = closed;
  for (let step = 0; step < (quick ? 4 : 6); step++) {
    const rate = Math.round((held + failed) / 2 / 100) * 100;
    let good = false;
    for (let attempt = 0; attempt < TRIES && !good; attempt++) {
      const report = await runClient({
        url,
        arrivals: { kind: "constant", rate, durationMs: 2000 },
        warmUp: { kind: "ramp", from: 1000, to: rate, durationMs: 5000 },
        numbered: false,
      });
      const { dropped, ok, offered, lateness, cpuShare } = report;
      const late = lateness[2] ?? Number.POSITIVE_INFINITY;
      good = dropped === 0 && ok === offered && late <= LATENESS_P99_MS;
      const cpu = ((cpuShare * 1e6) / rate).toFixed(1);
      say(`  ${rate}/s: lateness p99 ${late} ms, ${cpu} µs CPU a request, dropped ${dropped}`);
    }
    if (good) held = rate;
    else failed = rate;
  }
  return held;
}

/** A whole run at 1,000 requests a second: memory must not grow with its length. MiB, at the end of a short and of a long one. */
export async function benchMemory(quick: boolean, say: Say): Promise<unknown> {
  const server = await startServer("healthy");
  try {
    const rounds: { readonly seconds: number; readonly memoryMiB: number; readonly requests: number }[] = [];
    for (const seconds of quick ? [10, 60] : [60, 600]) {
      const { memoryMiB, offered } = await runClient({
        url: server.url,
        arrivals: { kind: "constant", rate: RATE, durationMs: seconds * 1000 },
        warmUp: undefined,
        numbered: false,
      });
      rounds.push({ seconds, memoryMiB, requests: offered });
      say(`memory ${JSON.stringify(rounds.at(-1))}`);
    }
    return { memoryMiB: Math.max(...rounds.map((round) => round.memoryMiB)), rounds };
  } finally {
    await server.stop();
  }
}

async function attackServer(
  mode: "healthy" | "freeze",
  order: Omit<ClientOrder, "url">,
): Promise<{ log: ServerLog; report: ClientReport }> {
  const server = await startServer(mode);
  try {
    await server.ask("log");
    const report = await runClient({ ...order, url: server.url });
    return { log: (await server.ask("tell")) as ServerLog, report };
  } finally {
    await server.stop();
  }
}

function counted(moments: readonly number[], binMs: number): number[] {
  const bins: number[] = [];
  for (const at of moments) {
    const bin = Math.floor(at / binMs);
    while (bins.length <= bin) bins.push(0);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
