import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PlanDocument } from "../../alarms/json.ts";
import { topicArn, topicName } from "../../alarms/names.ts";
import { TAG } from "../../alarms/tags.ts";
import type { Fleet } from "../../src/domain/index.ts";
import { createLog } from "../../src/system/log.ts";
import { ensureEmbedded } from "../../src/store/embedded.ts";
import { systemClock } from "../../src/system/clock.ts";
import { ACCOUNT, AlarmAccount, balancerName, KEYS, REGION } from "./alarm-account.ts";
import { DOOR } from "./daemon.ts";

type Say = (line: string) => void;

/** Page sizes of the API, and so the least number of calls that reads everything. */
const PAGES = { alarms: 100, tagged: 100, balancers: 400, metrics: 500 } as const;
/** What CloudWatch allows, puts a second. */
const ALLOWED = 3;

const NAME = "bench";
const USAGE = fileURLToPath(new URL("./exit-usage.ts", import.meta.url));
const READS = fileURLToPath(new URL("./alarm-reads.ts", import.meta.url));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly cpuMs: number;
  readonly maxRssMiB: number;
  readonly wallMs: number;
}

/** Planning over a large account, and applying at the API's rate. */
export async function benchAlarms(quick: boolean, say: Say): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), "corewatch-bench-"));
  const log = createLog({
    level: "warn",
    format: "text",
    write: (line) => void process.stderr.write(line),
    redact: String,
  });
  const store = await ensureEmbedded({ dir: join(directory, ".corewatch"), log, clock: systemClock });
  try {
    const planning = await measurePlanning(quick ? 200 : 1_000, quick ? 3 : 7, store.url, directory, say);
    const applying = await measureApplying(quick ? 20 : 100, store.url, directory, say);
    return {
      bench: "alarms",
      at: new Date(systemClock.now()).toISOString(),
      machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
      planning,
      applying,
    };
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A plan with nothing to do: CPU and calls against those of the bare SDK. */
async function measurePlanning(balancers: number, runs: number, storeUrl: string, directory: string, say: Say) {
  say(`${balancers} load balancers, ${balancers * 3} alarms: planning`);
  const account = await AlarmAccount.start({ balancers });
  try {
    const config = writeFleet(directory, `${NAME}-plan`, balancers);
    const command = new Command(config, storeUrl, account.url, directory);
    await account.fill(fleetOf(`${NAME}-plan`, balancers));
    // Fills the record, and node's compile cache; nothing is left to be done.
    expectGood(await command.corewatch("apply"));
    await account.calls();
    const plans: Run[] = [];
    const reads: Run[] = [];
    let calls: Readonly<Record<string, number>> = {};
    let document: PlanDocument | undefined;
    const arn = topicArn({ account: ACCOUNT, region: REGION, partition: "aws" }, topicName(undefined, REGION, "ELB"));
    for (let run = 0; run < runs; run++) {
      await idle();
      const plan = expectGood(await command.corewatch("plan", "--detailed-exitcode", "--format", "json"));
      ({ calls } = await account.calls());
      document = JSON.parse(plan.stdout) as PlanDocument;
      plans.push(plan);
      await idle();
      reads.push(expectGood(await command.node(READS, arn, TAG.fleet, `${NAME}-plan`)));
      await account.calls();
    }
    const minimum =
      2 * Math.ceil(balancers / PAGES.balancers) +
      Math.ceil((balancers * 3) / PAGES.alarms) +
      Math.ceil((balancers * 3 + 1) / PAGES.tagged) +
      Math.ceil(balancers / PAGES.metrics) +
      2;
    const made = Object.values(calls).reduce((sum, one) => sum + one, 0);
    const cpu = median(plans.map((one) => one.cpuMs));
    const bare = median(reads.map((one) => one.cpuMs));
    return {
      balancers,
      alarms: balancers * 3,
      runs,
      plan: { changes: document?.changes.length, unchanged: document?.unchanged, complete: document?.complete },
      cpuMs: Math.round(cpu),
      bareSdkCpuMs: Math.round(bare),
      cpuBeyondSdkMs: Math.round(cpu - bare),
      wallMs: Math.round(median(plans.map((one) => one.wallMs))),
      maxRssMiB: Math.round(Math.max(...plans.map((one) => one.maxRssMiB))),
      calls: { made, minimum, by: calls },
      writes: Object.entries(calls).reduce((sum, [name, n]) => sum + (/:(Describe|List|Get)/.test(name) ? 0 : n), 0),
    };
  } finally {
    await account.stop();
  }
}

/** Alarms made on an empty account, whose throttling is real. */
async function measureApplying(balancers: number, storeUrl: string, directory: string, say: Say) {
  say(`applying ${balancers * 3} alarms at ${ALLOWED} a second: ${balancers} s`);
  const account = await AlarmAccount.start({ balancers });
  try {
    const config = writeFleet(directory, `${NAME}-apply`, balancers);
    const command = new Command(config, storeUrl, account.url, directory);
    await idle();
    const run = expectGood(await command.corewatch("apply", "--format", "json", "--log-level", "info"));
    const { puts, calls } = await account.calls();
    const seconds = ((puts.at(-1) ?? 0) - (puts[0] ?? 0)) / 1000;
    const rate = (puts.length - 1) / seconds;
    const throttled = Number(/throttled (\d+) requests/.exec(run.stderr)?.[1] ?? 0);
    const again = expectGood(await command.corewatch("apply", "--format", "json"));
    const second = await account.calls();
    return {
      alarms: balancers * 3,
      seconds: round(seconds),
      perSecond: round(rate),
      shareOfAllowed: round(rate / ALLOWED),
      throttled,
      putsPerAlarm: round(puts.length / (balancers * 3)),
      calls,
      maxRssMiB: Math.round(Math.max(run.maxRssMiB, again.maxRssMiB)),
      writesOfSecondApply: Object.entries(second.calls).reduce(
        (sum, [name, n]) => sum + (/:(Describe|List|Get)/.test(name) ? 0 : n),
        0,
      ),
    };
  } finally {
    await account.stop();
  }
}

/** Runs programs with the account's address, and says what each used. */
class Command {
  readonly #config: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #usage: string;

  constructor(config: string, storeUrl: string, awsUrl: string, directory: string) {
    this.#config = config;
    this.#usage = join(directory, "usage.json");
    this.#env = {
      COREWATCH_STORE_URL: storeUrl,
      AWS_ENDPOINT_URL: awsUrl,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
      BENCH_USAGE: this.#usage,
    };
  }

  /** `corewatch alarms …` as its door starts it. */
  corewatch(...args: string[]): Promise<Run> {
    return this.node(DOOR, "alarms", ...args, "--config", this.#config);
  }

  node(...args: string[]): Promise<Run> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["--max-semi-space-size=8", "--import", USAGE, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...this.#env },
      });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.once("error", reject);
      child.once("close", (code) => {
        const used = JSON.parse(readFileSync(this.#usage, "utf8")) as Omit<Run, "code" | "stdout" | "stderr">;
        resolve({ code: code ?? -1, stdout, stderr, ...used });
      });
    });
  }
}

function expectGood(run: Run): Run {
  if (run.code !== 0) throw new Error(`it ended with ${run.code}: ${run.stderr}${run.stdout.slice(0, 2_000)}`);
  return run;
}

function writeFleet(directory: string, name: string, balancers: number): string {
  const path = join(directory, `${name}.yaml`);
  // JSON is YAML.
  const fleet = {
    version: 1,
    fleet: name,
    region: REGION,
    store: { url: "${env:COREWATCH_STORE_URL}" },
    alarms: { profile: "seed" },
    deployments: Array.from({ length: balancers }, (_, index) => ({
      id: balancerName(index),
      app: balancerName(index),
      kind: "production",
      connectionUri: `https://${balancerName(index)}.example.com`,
      loadBalancer: balancerName(index),
      cores: [{ id: "core-1", url: `https://${balancerName(index)}-1.example.com` }],
    })),
  };
  writeFileSync(path, JSON.stringify(fleet));
  return path;
}

/** As much of the fleet as planning looks at. */
function fleetOf(name: string, balancers: number): Fleet {
  return {
    name,
    region: REGION,
    alarms: { profile: "seed" },
    web: { host: "127.0.0.1", port: 8090 },
    deployments: Array.from({ length: balancers }, (_, index) => ({
      id: balancerName(index),
      loadBalancer: balancerName(index),
    })),
  } as unknown as Fleet;
}

/** Rate limits of the account are full again. */
function idle(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 1_500));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
