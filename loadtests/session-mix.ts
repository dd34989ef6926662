import { z } from "zod";
import { defineScenario } from "./scenario.ts";
import { SessionRun, closedVerification, sessionEndpoints, sessionSentences } from "./session-run.ts";
import type { SessionPlan } from "./session-run.ts";
import { cdiVersion, percent, whole, within } from "./setting.ts";

const mix = z
  .strictObject({
    verify: within(0, 1_000_000).default(95),
    refresh: within(0, 1_000_000).default(4),
    create: within(0, 1_000_000).default(1),
    read: within(0, 1_000_000).default(0),
    revoke: within(0, 1_000_000).default(0),
  })
  .refine((weights) => Object.values(weights).some((weight) => weight > 0), { error: "needs a part above 0" })
  .refine(({ create, revoke }) => revoke <= create, {
    error: "must not be more than create, or the sessions run out",
    path: ["revoke"],
  });

const schema = z.strictObject({
  /** Made before the first arrival, and most that are kept, over all threads. */
  sessions: whole(1, 100_000).default(1_000),
  /** Parts of the mix, in any unit. */
  mix: mix.prefault({}),
  /** Share of verifications that look into the database. */
  checkDatabase: within(0, 1).default(0.1),
  cdiVersion,
});

type Settings = z.output<typeof schema>;

/** What back ends ask of a core over the life of their users' sessions. */
export const sessionMix = defineScenario(schema, {
  name: "session-mix",
  tells: "Whether the deployment carries users' sessions: verified, refreshed and made, in a mix that is stated.",
  closedExpects: '"status":"OK"',
  endpoints: (settings) => sessionEndpoints(plan(settings)),
  describe: (settings) => [
    mixSentence(settings),
    ...sessionSentences(plan(settings)),
    ...provesSentences(settings),
    `The closed model repeats the verification of one session${settings.checkDatabase > 0 && settings.mix.verify > 0 ? " with checkDatabase" : ""}.`,
  ],
  start: (settings, world) => new SessionRun(plan(settings), world),
  closed: (settings, world, call) => closedVerification("session-mix", plan(settings), world, call),
});

function plan({ sessions, cdiVersion, mix, checkDatabase }: Settings): SessionPlan {
  const { verify, ...others } = mix;
  const weights = { ...others, verify: verify * (1 - checkDatabase), "verify-database": verify * checkDatabase };
  return { sessions, cdiVersion, weights };
}

function mixSentence({ mix, checkDatabase }: Settings): string {
  const total = Object.values(mix).reduce((sum, part) => sum + part, 0);
  const parts = Object.entries(mix).filter(([, part]) => part > 0);
  const said = parts.map(([name, part]) => {
    const share = `${percent(part / total)} ${name}`;
    return name === "verify" ? `${share} (${percent(checkDatabase)} of these with checkDatabase)` : share;
  });
  return `The mix: ${said.join(", ")}.`;
}

function provesSentences({ mix, checkDatabase }: Settings): string[] {
  const total = Object.values(mix).reduce((sum, part) => sum + part, 0);
  const signature = mix.verify * (1 - checkDatabase);
  return [
    "It proves that the cores, the load balancer and the database carry this mix at this rate; another mix has another limit.",
    ...(signature > 0
      ? [
          `${percent(signature / total)} of the requests (verification without checkDatabase) cost the cores' CPU only and prove nothing about the database; the rest read or write it.`,
        ]
      : []),
    "It does not prove sign-ins, whose cost is password hashing (scenario sign-in). Back ends that check access tokens themselves send cores hardly any verifications: their load is refreshes, sign-ins and new sessions.",
  ];
}
