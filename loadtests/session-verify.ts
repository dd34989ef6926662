import { z } from "zod";
import { defineScenario } from "./scenario.ts";
import { SessionRun, closedVerification, sessionEndpoints, sessionSentences } from "./session-run.ts";
import type { SessionPlan } from "./session-run.ts";
import { cdiVersion, percent, whole, within } from "./setting.ts";

const schema = z.strictObject({
  /** Made before the first arrival, over all threads. */
  sessions: whole(1, 100_000).default(200),
  /** Share of verifications that look into the database. */
  checkDatabase: within(0, 1).default(0),
  cdiVersion,
});

/** Verification of access tokens, over sessions made beforehand. */
export const sessionVerify = defineScenario(schema, {
  name: "session-verify",
  tells: "How many access tokens a second the deployment verifies.",
  closedExpects: '"status":"OK"',
  endpoints: (settings) => sessionEndpoints(plan(settings)),
  describe: (settings) => [
    `100% verification of sessions, ${percent(settings.checkDatabase)} of it with checkDatabase.`,
    ...sessionSentences(plan(settings)),
    "It proves that the cores check signatures at this rate.",
    settings.checkDatabase === 0
      ? "It proves nothing about the database: verification without checkDatabase does not touch it, and works while it is down."
      : `It proves about the database only that it answers ${percent(settings.checkDatabase)} of the rate with one read each; nothing is written.`,
    "It does not prove that sessions can be made or refreshed at any rate, or that users can sign in.",
  ],
  start: (settings, world) => new SessionRun(plan(settings), world),
  closed: (settings, world, call) => closedVerification("session-verify", plan(settings), world, call),
});

function plan({ sessions, checkDatabase, cdiVersion }: z.output<typeof schema>): SessionPlan {
  const weights = {
    create: 0,
    refresh: 0,
    verify: 1 - checkDatabase,
    "verify-database": checkDatabase,
    read: 0,
    revoke: 0,
  };
  return { sessions, cdiVersion, weights };
}
