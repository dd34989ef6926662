import { createServer } from "node:net";
import { errorCode } from "../store/errors.ts";
import type { PlannedAccount } from "./fleets-account-plan.ts";
import type { FleetPlan } from "./fleets.ts";
import { serverName } from "./fleets-file.ts";

/** Region and account of the simulated cloud. */
export const REGION = "eu-west-1";
export const ACCOUNT = "123456789012";

const CLAIM_PORT = 3566;
const NETWORKS = 250;

/**
 * Claims 127.N.0.0/16 of the loopback for one sandbox: a dead core's port must be free for it alone when it comes back.
 * The claim is a port that is held open, so it ends with the process. @throws Error when all networks are claimed.
 */
export async function claimNetwork(): Promise<{ readonly network: number; release(): Promise<void> }> {
  for (let network = 0; network < NETWORKS; network++) {
    const holder = createServer((socket) => socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        holder.once("error", reject);
        holder.listen({ host: `127.${network}.0.1`, port: CLAIM_PORT }, resolve);
      });
      return { network, release: () => new Promise((resolve) => void holder.close(() => resolve())) };
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`${NETWORKS} sandboxes run on this machine already: stop one`);
}

/** The plan with its instances in the claimed network. */
export function relocate(plan: FleetPlan, network: number): FleetPlan {
  const moved = (host: string): string => host.replace(/^127\.0\./, `127.${network}.`);
  return {
    ...plan,
    deployments: plan.deployments.map((deployment) => ({
      ...deployment,
      cores: deployment.cores.map((core) => ({ ...core, host: moved(core.host) })),
    })),
    ...(plan.account === undefined ? {} : { account: relocated(plan.account, moved) }),
  };
}

function relocated(account: PlannedAccount, moved: (host: string) => string): PlannedAccount {
  return {
    ...account,
    instances: account.instances.map((one) => ({ ...one, host: moved(one.host) })),
    balancers: Object.fromEntries(
      Object.entries(account.balancers).map(([id, one]) => [id, { ...one, host: moved(one.host) }]),
    ),
    names: account.names.map((one) => ("address" in one.to ? { ...one, to: { address: moved(one.to.address) } } : one)),
  };
}

/** Names and addresses that the fleet's certificate is for. */
export function certificateNames(plan: FleetPlan): string[] {
  const hosts = plan.deployments.flatMap(({ cores }) => cores.map(({ host }) => host));
  const names = plan.deployments.map(({ app }) => serverName(app));
  return [...names, "*.sandbox.test", "localhost", "127.0.0.1", ...new Set(hosts)];
}
