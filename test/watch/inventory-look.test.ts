import { expect, test } from "vitest";
import { CloudError, type FoundCore } from "../../src/domain/index.ts";
import { discovering } from "../../src/inventory/discovered.ts";
import { readAll } from "../../src/watch/inventory-look.ts";
import { FakeClock } from "../fakes/clock.ts";
import { deployment, fleetOf } from "../incidents/support.ts";

const addressing = { protocol: "https", address: "private", basePath: "" } as const;
const fleet = fleetOf({
  deployments: Array.from({ length: 40 }, (_, at) =>
    deployment(`app-${at}`, 0, {
      region: at % 2 === 0 ? "eu-west-1" : "us-east-1",
      discovery: { settings: { from: "target-group" }, addressing },
    }),
  ),
});
const never = new AbortController().signal;

async function look(clock: FakeClock, read: (id: string) => Promise<readonly FoundCore[]>) {
  const found = new Map<string, readonly FoundCore[] | Error>();
  const began = clock.monotonic();
  let endedAt: number | undefined;
  const sources = { read: ({ id }: { id: string }) => read(id), close: () => Promise.resolve() };
  const done = readAll(discovering(fleet), fleet, { sources, clock, signal: never }, ({ id }, one) =>
    found.set(id, one),
  ).then(() => void (endedAt = clock.monotonic()));
  await clock.advance(120_000);
  await done;
  return { found, tookMs: (endedAt ?? Number.NaN) - began };
}

test("many deployments are read one after another, within the rate of AWS", async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const { found, tookMs } = await look(clock, () => {
    at.push(clock.monotonic());
    return Promise.resolve([]);
  });
  expect(found.size).toBe(40);
  expect(tookMs).toBe(3_000);
  for (let from = 0; from + 20 < at.length; from++)
    expect((at[from + 20] ?? 0) - (at[from] ?? 0)).toBeGreaterThanOrEqual(1_000);
});

test("a region out of reach is not waited for by each of its deployments, and the others are read", async () => {
  const clock = new FakeClock();
  let tried = 0;
  const { found, tookMs } = await look(clock, (id) => {
    if (Number(id.slice(4)) % 2 === 1) return Promise.resolve([]);
    tried++;
    return new Promise((_, reject) => void clock.after(10_000, () => reject(new CloudError("unreachable", "away"))));
  });
  expect(tried).toBeLessThanOrEqual(6);
  expect(tookMs).toBeLessThan(40_000);
  expect([...found.values()].filter((one) => one instanceof Error)).toHaveLength(20);
});

test("a read that never answers is given up", async () => {
  const clock = new FakeClock();
  const { found } = await look(clock, (id) => (id === "app-0" ? new Promise(() => undefined) : Promise.resolve([])));
  expect(found.get("app-0")).toMatchObject({
    failure: "unreachable",
    message: expect.stringContaining("longer than 30 s"),
  });
  expect(found.size).toBe(40);
});
