import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";

/** What a peer's closed loop reached. Latencies in ms, by the peer's own account. */
export interface ClosedPeer {
  readonly version: string;
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  /** CPU time of the peer over the time it ran, 0–1 for one core. */
  readonly cpuShare: number | null;
  /** `false`: taskset is not installed, and it ran wherever the system let it. */
  readonly pinned: boolean;
}

/** What is asked of both peers. */
export interface ClosedPeersQuestion {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** The processor that the generators are pinned to. The server should be pinned to another. Default 0. */
  readonly cpu?: number;
}

/** Closed-loop rates of stock autocannon and of wrk, each with one thread on one processor; wrk is `null` where it is not installed. */
export async function closedPeers(
  question: ClosedPeersQuestion,
): Promise<{ readonly autocannon: ClosedPeer; readonly wrk: ClosedPeer | null }> {
  return { autocannon: await measureAutocannon(question), wrk: await measureWrk(question) };
}

const require = createRequire(import.meta.url);

async function measureAutocannon({ url, seconds, connections, cpu = 0 }: ClosedPeersQuestion): Promise<ClosedPeer> {
  const { version }: { version: string } = require("autocannon/package.json");
  const program = require.resolve("autocannon/autocannon.js");
  const counts = ["-c", String(connections), "-d", String(seconds)];
  const run = await pinned(cpu, process.execPath, [program, "--json", "--no-progress", ...counts, url]);
  if (run === null || run.code !== 0) throw new Error(`autocannon failed: ${run?.stderr.slice(0, 500) ?? "not found"}`);
  const result: {
    requests: { total: number };
    latency: { p50: number; p99: number };
    duration: number;
    errors: number;
    non2xx: number;
  } = JSON.parse(run.stdout);
  return {
    version,
    requests: result.requests.total,
    rate: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.errors + result.non2xx,
    cpuShare: run.cpuShare,
    pinned: run.pinned,
  };
}

async function measureWrk({ url, seconds, connections, cpu = 0 }: ClosedPeersQuestion): Promise<ClosedPeer | null> {
  const arguments_ = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--latency", url];
  const run = await pinned(cpu, "wrk", arguments_);
  if (run === null) return null;
  if (run.code !== 0) throw new Error(`wrk failed: ${(run.stderr + run.stdout).slice(0, 500)}`);
  const text = run.stdout;
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const version = await output("wrk", ["--version"]);
  return {
    version: /wrk (?:debian\/)?(\S+)/.exec(version?.stdout ?? "")?.[1] ?? "unknown",
    requests: Number(/(\d+) requests in/.exec(text)?.[1] ?? Number.NaN),
    rate: Number(/Requests\/sec:\s*([\d.]+)/.exec(text)?.[1] ?? Number.NaN),
    p50Ms: latency(text, "50"),
    p99Ms: latency(text, "99"),
    failed: errors.reduce(
      (sum, one) => sum + Number(one),
      Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
    ),
    cpuShare: run.cpuShare,
    pinned: run.pinned,
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** A line of wrk's distribution: `     99%    1.10ms`. */
function latency(text: string, percent: string): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(text);
  return Number(found?.[1] ?? Number.NaN) * (UNIT_MS[found?.[2] ?? ""] ?? Number.NaN);
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on one processor; `null` when there is no such program. */
async function pinned(
  cpu: number,
  program: string,
  arguments_: readonly string[],
): Promise<(Run & { readonly pinned: boolean; readonly cpuShare: number | null }) | null> {
  if ((await output(program, ["--version"])) === null) return null;
  const can = (await output("taskset", ["--version"])) !== null;
  const began = performance.now();
  const timed = await output("bash", [
    "-c",
    // The shell's own account of what its child used, on a line of its own at the end of stderr.
    'TIMEFORMAT="cpu %U %S"; time "$@"',
    "peer",
    ...(can ? ["taskset", "-c", String(cpu)] : []),
    program,
    ...arguments_,
  ]);
  if (timed === null) return null;
  const used = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(timed.stderr);
  const wallMs = performance.now() - began;
  const cpuShare = used === null ? null : ((Number(used[1]) + Number(used[2])) * 1_000) / wallMs;
  return { ...timed, pinned: can, cpuShare };
}

async function output(program: string, arguments_: readonly string[]): Promise<Run | null> {
  const child = spawn(program, arguments_, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  try {
    const [code]: (number | null)[] = await once(child, "close");
    return { code: code ?? null, stdout, stderr };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
