import { expect, test } from "vitest";
import { planOf } from "../../loadtests/plans.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { askConsent } from "../../src/cli/certify-consent.ts";
import { EXIT } from "../../src/cli/exit.ts";
import { deployment } from "../checks/small-fleet.ts";
import { certify } from "../loadtests/run-support.ts";

/** Asks for consent to load on a production deployment elsewhere; `answer` is what the terminal gives. */
function asked(answer: () => Promise<string | undefined>): Promise<readonly string[]> {
  const addresses = (): Promise<string[]> => Promise.resolve(["10.0.0.1"]);
  const plan = planOf("quick", { hasCapacity: false, hasSurvival: false, hasScale: false }, DEFAULT_THRESHOLDS);
  const of = deployment({ kind: "production", certify: certify() });
  const world = { addresses, loadBalancerAddresses: () => Promise.resolve([]) };
  return askConsent({ deployment: of, plan, yes: false }, world, { ask: answer });
}

test("the name that is typed is consent; another is not, and neither is nobody", async () => {
  expect(await asked(() => Promise.resolve(" acme "))).toEqual(["10.0.0.1"]);
  await expect(asked(() => Promise.resolve("yes"))).rejects.toMatchObject({
    exit: EXIT.usage,
    message: "that is not its name: nothing was done",
  });
  await expect(asked(() => Promise.resolve(undefined))).rejects.toMatchObject({
    exit: EXIT.usage,
    message: expect.stringContaining("--yes-i-own-this"),
  });
});

test("a Ctrl-C at the question is an interruption", async () => {
  const aborted = Object.assign(new Error("Aborted with Ctrl+C"), { name: "AbortError" });
  await expect(asked(() => Promise.reject(aborted))).rejects.toMatchObject({ exit: EXIT.interrupted });
});
