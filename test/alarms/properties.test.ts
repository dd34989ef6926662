import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AlarmState, Deployment, Fleet, Tags } from "../../src/domain/index.ts";
import { deployment, Desk, handMade, small } from "./support.ts";

/** fast-check prints the seed and the path of a failure; this one makes a run repeatable from the environment. */
const SEED = Number(process.env["COREWATCH_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const PLACES = [
  { region: undefined, roleArn: undefined },
  { region: "us-east-1", roleArn: undefined },
  { region: "eu-west-1", roleArn: "arn:aws:iam::222222222222:role/watch" },
] as const;

const deployments: fc.Arbitrary<Deployment[]> = fc
  .uniqueArray(
    fc.record({
      n: fc.nat(5),
      place: fc.constantFrom(...PLACES),
      balancer: fc.constantFrom("own", "shared", "none"),
      profile: fc.constantFrom("seed" as const, "recommended" as const, undefined),
      threshold: fc.option(fc.constantFrom(1, 2.5, 80), { nil: undefined }),
      enabled: fc.constantFrom(true, true, false),
    }),
    { selector: (one) => one.n, maxLength: 5 },
  )
  .map((list) =>
    list.map(({ n, place, balancer, profile, threshold, enabled }) =>
      deployment(`d${n}`, 1, {
        ...place,
        loadBalancer: balancer === "none" ? undefined : balancer === "own" ? `d${n}` : "shared",
        alarms: {
          enabled,
          ...(profile === undefined ? {} : { profile }),
          overrides:
            threshold === undefined ? {} : { "target-response-time": { threshold }, "elb-5xx": { enabled: false } },
        },
      }),
    ),
  );

const fleets: fc.Arbitrary<Fleet> = fc
  .record({
    deployments,
    profile: fc.constantFrom("seed" as const, "recommended" as const),
    topic: fc.constantFrom(undefined, "alarms-{{Region}}-{{Service}}", "one-topic"),
    publicUrl: fc.constantFrom(undefined, "https://watch.example.com/"),
    database: fc.boolean(),
    drills: fc.boolean(),
  })
  .map(({ deployments, profile, topic, publicUrl, database, drills }) =>
    small([], {
      deployments,
      web: { host: "127.0.0.1", port: 0, publicUrl },
      alarms: {
        profile,
        ...(topic === undefined ? {} : { topic }),
        ...(drills ? { drillSchedule: "0 0 9 * * 1" } : {}),
        resources: database
          ? [{ kind: "rds", name: "main", deployments: [], roleArn: "arn:aws:iam::222222222222:role/watch" }]
          : [],
      },
    }),
  );

/** Alarms of others, some of them under names or on series that the fleet wants. */
const strangers = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(
      "d0 ELB TargetResponseTime",
      "d1 ELB UnHealthyHostCount",
      "shared ELB HTTPCode_ELB_5XX_Count",
      "d2 users are hit",
      "theirs",
      'with "quotes"',
      "CPU",
    ),
    place: fc.constantFrom(...PLACES),
    tags: fc.constantFrom<Tags>(
      {},
      { team: "a" },
      { "corewatch:fleet": "staging", "corewatch:name": "x" },
      { "corewatch:fleet": "prod" },
    ),
    state: fc.constantFrom<AlarmState>("OK", "ALARM", "INSUFFICIENT_DATA"),
    composite: fc.boolean(),
  }),
  { selector: (one) => `${one.name}${JSON.stringify(one.place)}`, maxLength: 6 },
);

/** What people do to our alarms between two runs. */
const meddling = fc.array(
  fc.record({ which: fc.nat(30), what: fc.constantFrom("edit", "delete", "untag", "disable", "own-tag") }),
  { maxLength: 4 },
);

function atOf(desk: Desk, place: (typeof PLACES)[number]) {
  return desk.cloud.at(place.region ?? "eu-west-1", place.roleArn?.split(":")[4]);
}

describe(`random fleets over random alarms (seed ${SEED})`, () => {
  test("plan, apply, plan again is empty, strangers stay byte for byte, states and people's tags stay", async () => {
    await fc.assert(
      fc.asyncProperty(fleets, fleets, strangers, meddling, async (first, second, others, hands) => {
        const desk = new Desk(first);
        desk.cloud.endpointsAnswer = true;
        // Whose account it is shows in whatever stands there.
        for (const place of PLACES) atOf(desk, place).add(handMade("cornerstone"));
        for (const one of others) {
          const definition = handMade(one.name);
          const { kind: _, metric: __, ...common } = definition;
          atOf(desk, one.place).add(
            one.composite ? { ...common, kind: "composite", rule: "TRUE" } : definition,
            one.tags,
            one.state,
          );
        }
        const snapshot = (): string => JSON.stringify(others.map((one) => atOf(desk, one.place).alarms.get(one.name)));
        const before = snapshot();
        await settles(desk);
        expect(snapshot()).toBe(before);

        for (const hand of hands) meddle(desk, hand, others);
        desk.fleet = second;
        for (const one of second.deployments) desk.addBalancer(one);
        const kept = snapshot();
        await settles(desk);
        expect(snapshot()).toBe(kept);
        expect(kept).toBe(before);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

/** Applies until done: once is enough. */
async function settles(desk: Desk): Promise<void> {
  const plan = await desk.plan();
  expect(plan.problems).toEqual([]);
  const states = statesOf(desk);
  const results = await desk.apply({ force: true }, plan);
  expect(
    results.flatMap((one) =>
      one.outcome === "done" ? [] : `${one.change.verb} ${one.change.name}: ${one.error ?? ""}`,
    ),
  ).toEqual([]);
  // An alarm that is the same object was kept: so is its state.
  const kept = [...desk.cloud.regions.values()].flatMap((at) =>
    [...at.alarms].filter(([name, one]) => states.get(at.arnOf(name))?.held === one).map(([name]) => at.arnOf(name)),
  );
  expect(kept.map((arn) => statesOf(desk).get(arn)?.state)).toEqual(kept.map((arn) => states.get(arn)?.state));
  desk.cloud.log.length = 0;
  const again = await desk.plan();
  expect(again.changes).toEqual([]);
  expect(again.drift).toEqual([]);
  expect(again.complete).toBe(true);
  expect(again.conflicts).toEqual(plan.conflicts.filter((one) => again.conflicts.some((b) => b.name === one.name)));
}

function statesOf(desk: Desk) {
  return new Map(
    [...desk.cloud.regions.values()].flatMap((at) =>
      [...at.alarms].map(([name, held]) => [at.arnOf(name), { held, state: held.state }] as const),
    ),
  );
}

function meddle(
  desk: Desk,
  { which, what }: { which: number; what: string },
  others: readonly { name: string; place: (typeof PLACES)[number] }[],
): void {
  const ours = [...desk.cloud.regions.values()].flatMap((at) =>
    [...at.alarms.keys()]
      .filter(
        (name) => name !== "cornerstone" && !others.some((one) => one.name === name && atOf(desk, one.place) === at),
      )
      .map((name) => ({ at, name })),
  );
  const chosen = ours[which % Math.max(1, ours.length)];
  if (chosen === undefined) return;
  const { at, name } = chosen;
  const held = at.held(name);
  if (what === "edit") at.edit(name, { description: "mine now" });
  if (what === "disable") at.edit(name, { actionsEnabled: false });
  if (what === "own-tag") held.tags["team"] = "a";
  if (what === "untag") held.tags = {};
  // A composite's child cannot be deleted before the composite.
  const parent = [...at.alarms.values()].some(
    ({ definition }) => definition.kind === "composite" && definition.rule.includes(`"${name}"`),
  );
  if (what === "delete" && !parent) at.alarms.delete(name);
}
