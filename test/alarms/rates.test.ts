import { expect, test } from "vitest";
import { CloudPacer } from "../../alarms/rate.ts";
import type { CloudOperation } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";

const { signal } = new AbortController();

/** Seconds that it takes to send each operation so many times from each region, all asked for at once. */
async function seconds(regions: readonly string[], operations: readonly CloudOperation[], times: number) {
  const clock = new FakeClock();
  const pacer = new CloudPacer(clock);
  const sent: number[] = [];
  const all = regions.length * operations.length * times;
  for (const region of regions) {
    const call = pacer.call("own", region, signal);
    for (const operation of operations) {
      for (let turn = 0; turn < times; turn++) {
        void call.send(operation, () => {
          sent.push(clock.monotonic());
          return Promise.resolve();
        });
      }
    }
  }
  for (let second = 0; second < 600 && sent.length < all; second++) await clock.advance(1_000);
  expect(sent).toHaveLength(all);
  return (sent.at(-1) ?? 0) / 1_000;
}

test("all Describe calls of ELBv2 in a region share one rate, and each region has its own", async () => {
  const reads = [
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTags",
  ] as const;
  // 300 requests: 20 at once, the others 8 a second.
  const one = await seconds(["eu-west-1"], reads, 100);
  expect(one).toBeGreaterThan(280 / 8);
  expect(one).toBeLessThan(40);
  expect(await seconds(["eu-west-1", "us-east-1"], reads, 100)).toBeCloseTo(one, 0);
});

test("Route 53 takes five requests a second of an account, whichever and from wherever they are", async () => {
  const reads = ["route53:ListHostedZonesByName", "route53:ListResourceRecordSets"] as const;
  const both = await seconds(["eu-west-1", "us-east-1"], reads, 10);
  expect(both).toBeGreaterThan(39 / 5);
  expect(both).toBeLessThan(10);
});

test("other operations have a rate each", async () => {
  const alone = await seconds(["eu-west-1"], ["s3:ListBucket"], 50);
  expect(await seconds(["eu-west-1"], ["s3:ListBucket", "s3:GetBucketTagging"], 50)).toBeCloseTo(alone, 5);
});
