import type { Doors } from "./cli/doors.ts";
import { load } from "./cli/context.ts";
import { sweep } from "./cli/sweep.ts";
import { type Deployment, type Log, wait } from "./domain/index.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { DRILL_DELIVERED } from "./watch/alarm-facts.ts";
import { certificatesKey } from "./watch/audit-knowledge.ts";

const DAY_MS = 86_400_000;
/** Longest wait for the load balancers' first look at the cores, ms. */
const SETTLE_MS = 10_000;
const LOOK_MS = 100;

/** What a passed plan `launch` judges, as far as the checklist asks for it. */
const JUDGED = [
  "rate",
  "errors",
  "latency-p99",
  "survival-errors",
  "survival-throughout",
  "scale-out-uri",
  "scale-out-errors",
  "scale-out-share",
  "sessions-held",
  "users-held",
  "sessions-latency",
] as const;

/**
 * Gives a new sandbox what corewatch remembers of a fleet that it has watched for a while: certificates, a drill that
 * arrived, and a sweep of every check. The store stays open until the returned function is called.
 */
export async function rememberFleet(sandbox: Sandbox, log: Log, doors: Doors): Promise<() => Promise<void>> {
  const options = {
    config: sandbox.configFile,
    envFile: sandbox.envFile,
    format: "text",
    color: false,
    logLevel: "error",
  };
  const { fleet, path } = await load(options, doors);
  const opened = await doors.openStore(fleet, path, log);
  try {
    const now = doors.clock.now();
    for (const deployment of fleet.deployments.filter(isCertified))
      await opened.store.putFact(certificatesKey(deployment.id), [certificate(deployment, now - DAY_MS)]);
    await opened.store.putFact(DRILL_DELIVERED, now - 2 * DAY_MS);
    await settled(sandbox, doors);
    // Nobody asked for its report: the command that the sandbox was made for has the word.
    const quiet = { ...doors, out: () => {}, err: () => {} };
    await sweep({ ...options, notify: true, failOn: "down" }, quiet);
    return () => opened.stop();
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

/** The deployments that the runbook's rates are asked of. */
function isCertified({ kind, loadBalancer }: Deployment): boolean {
  return kind === "production" && loadBalancer !== undefined;
}

function certificate({ id }: Deployment, at: number) {
  return {
    at,
    verdict: "pass",
    criteria: Object.fromEntries(JUDGED.map((criterion) => [criterion, "pass"])),
    rate: 1_000,
    heldMs: 600_000,
    sessions: 1_000_000,
    file: `certificates/${id}.json`,
  };
}

async function settled({ loadBalancers }: Sandbox, { clock, signal }: Pick<Doors, "clock" | "signal">): Promise<void> {
  const end = clock.monotonic() + SETTLE_MS;
  const isInitial = (): boolean =>
    [...loadBalancers.values()].some((balancer) => balancer.targets().some(({ state }) => state === "initial"));
  while (isInitial() && clock.monotonic() < end && !signal.aborted) await wait(clock, LOOK_MS, signal);
}
