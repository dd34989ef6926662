import { expect, onTestFinished, test } from "vitest";
import { interruptSpot, recommendRebalance } from "../../src/sandbox/aws-ec2-life.ts";
import { startMetadata } from "../../src/sandbox/aws-metadata.ts";
import { shop } from "./compute-account.ts";

const TTL = "x-aws-ec2-metadata-token-ttl-seconds";

async function started() {
  const made = await shop();
  const metadata = await startMetadata({ clock: made.clock, model: made.model, instance: made.first });
  onTestFinished(() => metadata.stop());
  const token = async (ttl = "60") =>
    fetch(`${metadata.url}/latest/api/token`, { method: "PUT", headers: { [TTL]: ttl } });
  const key = await (await token()).text();
  const get = async (path: string, headers: Record<string, string> = { "x-aws-ec2-metadata-token": key }) => {
    const answer = await fetch(`${metadata.url}${path}`, { headers });
    return { status: answer.status, text: await answer.text() };
  };
  return { ...made, metadata, token, get };
}

test("nothing is told without a token, nor with one whose time is over", async () => {
  const { get, token, clock, first } = await started();
  expect((await get("/latest/meta-data/instance-id", {})).status).toBe(401);
  expect(await get("/latest/meta-data/instance-id")).toEqual({ status: 200, text: first });
  await clock.advance(60_000);
  expect((await get("/latest/meta-data/instance-id")).status).toBe(401);
  expect((await token("0")).status).toBe(400);
  expect((await token("21601")).status).toBe(400);
});

test("notices are absent until they are there", async () => {
  const { get, model, clock, first } = await started();
  const action = "/latest/meta-data/spot/instance-action";
  const rebalance = "/latest/meta-data/events/recommendations/rebalance";
  expect([(await get(action)).status, (await get(rebalance)).status]).toEqual([404, 404]);
  recommendRebalance(model, first, clock.now());
  interruptSpot(model, first, clock.now());
  expect(JSON.parse((await get(action)).text)).toEqual({ action: "terminate", time: "2026-11-21T08:02:00Z" });
  expect(JSON.parse((await get(rebalance)).text)).toEqual({ noticeTime: "2026-11-21T08:00:00Z" });
});

test("an instance knows its place, and a service in trouble says nothing of it", async () => {
  const { get, metadata } = await started();
  expect((await get("/latest/meta-data/placement/availability-zone")).text).toBe("eu-west-1a");
  expect((await get("/latest/meta-data/instance-life-cycle")).text).toBe("spot");
  expect(JSON.parse((await get("/latest/dynamic/instance-identity/document")).text)).toMatchObject({
    region: "eu-west-1",
    accountId: "123456789012",
  });
  expect((await get("/latest/meta-data/colour")).status).toBe(404);
  metadata.setTrouble("error");
  expect((await get("/latest/meta-data/instance-id")).status).toBe(500);
  expect(metadata.asked).toHaveLength(4);
});
