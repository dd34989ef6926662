import { z } from "zod";
import type { CertifiedFacts, OwnKnowledge } from "../audit/rule.ts";
import type { Store } from "../domain/index.ts";
import { DRILL_DELIVERED } from "./alarm-facts.ts";

/** Key of the store's fact with the certificates of a deployment, newest first. */
export function certificatesKey(deployment: string): string {
  return `certificates/${deployment}`;
}

/** What was not observed for this long is not being observed: the checklist asks for a quarter of an hour. */
const LOOK_BACK_MS = 20 * 60_000;

const OUTCOME = z.enum(["pass", "fail", "invalid"]);
const CERTIFICATES = z.array(
  z.object({
    at: z.number(),
    verdict: OUTCOME,
    criteria: z.record(z.string(), OUTCOME),
    rate: z.number(),
    heldMs: z.number().default(0),
    sessions: z.number(),
    file: z.string(),
  }),
);

/** What corewatch knows by its store: certificates, what is being observed, and drills. Every method throws StoreUnavailable. */
export function createOwnKnowledge(store: Pick<Store, "getFact" | "lastSeen">, now: number): OwnKnowledge {
  let observed: Promise<ReadonlyMap<string, number>> | undefined;
  return {
    async certificates(deployment): Promise<readonly CertifiedFacts[]> {
      const fact = (await store.getFact(certificatesKey(deployment))) ?? [];
      const parsed = CERTIFICATES.safeParse(fact);
      if (!parsed.success) throw new Error(`what the store keeps of certificates of ${deployment} cannot be read`);
      return parsed.data;
    },
    observed: () => (observed ??= store.lastSeen(now - LOOK_BACK_MS)),
    async lastDrill() {
      const at = await store.getFact(DRILL_DELIVERED);
      return typeof at === "number" ? at : undefined;
    },
  };
}
