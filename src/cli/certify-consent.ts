import { decideConsent } from "../../loadtests/consent.ts";
import type { CertifyPlan, Deployment } from "../domain/index.ts";
import type { CertifyWorld, Doors } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

/**
 * Makes sure that load may be put on the deployment; gives the addresses that its connectionUri leads to.
 * @throws Problem 64 when it may not, 130 when the question was interrupted
 */
export async function askConsent(
  { deployment, plan, yes }: { readonly deployment: Deployment; readonly plan: CertifyPlan; readonly yes: boolean },
  world: Pick<CertifyWorld, "addresses" | "loadBalancerAddresses">,
  doors: Pick<Doors, "ask">,
): Promise<readonly string[]> {
  const hosts = new Set(deployment.cores.map((core) => new URL(core.url).hostname));
  const [addresses, loadBalancerAddresses, ...ofCores] = await Promise.all([
    world.addresses(new URL(deployment.connectionUri).hostname),
    world.loadBalancerAddresses(),
    ...[...hosts].map((host) => world.addresses(host)),
  ]);
  const consent = decideConsent({
    deployment,
    plan,
    addresses,
    inventoryAddresses: ofCores.flat(),
    loadBalancerAddresses,
    yes,
  });
  if (consent.kind === "refused") throw new Problem(EXIT.usage, `${consent.reason}; ${consent.fix}`);
  if (consent.kind === "confirm") {
    const answer = await doors.ask(`${consent.because}.\nType ${consent.phrase} to go on: `).catch((error: unknown) => {
      if (error instanceof Error && error.name === "AbortError")
        throw new Problem(EXIT.interrupted, "\ninterrupted: nothing was done", { cause: error });
      throw error;
    });
    if (answer === undefined)
      throw new Problem(EXIT.usage, `${consent.because}; say --yes-i-own-this where nobody can be asked`);
    if (answer.trim() !== consent.phrase) throw new Problem(EXIT.usage, "that is not its name: nothing was done");
  }
  return addresses;
}
