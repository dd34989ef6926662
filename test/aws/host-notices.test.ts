import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createHostMetadata } from "../../src/aws/host-metadata.ts";
import { parseHostNotice } from "../../src/aws/host-notices.ts";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { instanceStateChange, rebalanceNotice, spotInterruptionNotice } from "../../src/sandbox/aws-ec2-notices.ts";
import type { AwsModel } from "../../src/sandbox/aws-model.ts";
import { FakeClock } from "../fakes/clock.ts";

const AT = Date.parse("2026-11-21T08:00:00Z");
const model: AwsModel = { account: "123456789012", loadBalancers: [], ec2: emptyEc2("eu-west-1") };
const { id } = launchInstance(model, {
  id: "i-0a1b2c3d",
  zone: "eu-west-1a",
  type: "t3.small",
  privateIp: "10.0.0.1",
  spot: true,
  at: AT,
});

test("EventBridge's notices are understood, by themselves and in a topic's envelope", () => {
  const spot = JSON.stringify(spotInterruptionNotice(model, id, AT));
  const expected = { kind: "spot-interruption", instance: id, at: AT + 120_000, state: null };
  expect(parseHostNotice(spot)).toEqual(expected);
  expect(parseHostNotice(JSON.stringify({ Type: "Notification", Message: spot }))).toEqual(expected);
  expect(parseHostNotice(JSON.stringify(rebalanceNotice(model, id, AT)))).toEqual({
    kind: "rebalance-recommendation",
    instance: id,
    at: null,
    state: null,
  });
  expect(parseHostNotice(JSON.stringify(instanceStateChange(model, id, AT, "shutting-down")))).toEqual({
    kind: "instance-state",
    instance: id,
    at: null,
    state: "shutting-down",
  });
});

test.each([
  "",
  "[]",
  "null",
  '{"source":"aws.ec2"}',
  '{"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning","detail":{"instance-id":"x; rm"}}',
  '{"source":"aws.s3","detail-type":"EC2 Spot Instance Interruption Warning","detail":{"instance-id":"i-1"}}',
  '{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"instance-id":"i-1"}}',
])("what is no such notice says nothing: %s", (body) => {
  expect(parseHostNotice(body)).toBeUndefined();
});

/** An instance metadata service of version 2: no answer without the token. */
async function metadata(paths: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(`${request.method ?? ""} ${path}`);
    const answer = (status: number, text: string): void => void response.writeHead(status).end(text);
    if (request.method === "PUT")
      return answer(request.headers["x-aws-ec2-metadata-token-ttl-seconds"] === undefined ? 400 : 200, "token-1");
    if (request.headers["x-aws-ec2-metadata-token"] !== "token-1") return answer(401, "");
    const text = paths[path.replace("/latest/meta-data/", "")];
    return answer(text === undefined ? 404 : 200, text ?? "");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () => new Promise<void>((resolve) => void (server.closeAllConnections(), server.close(() => resolve()))),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

const never = new AbortController().signal;

test("the host's own metadata tell of an interruption and of a rebalance", async () => {
  const { url, asked } = await metadata({
    "instance-id": "i-0a1b",
    "spot/instance-action": '{"action": "terminate", "time": "2026-11-21T08:02:00Z"}',
    "events/recommendations/rebalance": '{"noticeTime": "2026-11-21T07:55:00Z"}',
  });
  const host = createHostMetadata({ clock: new FakeClock(), env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: url } });
  expect(await host.notices(never)).toEqual([
    { kind: "spot-interruption", instance: "i-0a1b", at: AT + 120_000, state: null },
    { kind: "rebalance-recommendation", instance: "i-0a1b", at: null, state: null },
  ]);
  await host.notices(never);
  expect(asked.filter((one) => one.startsWith("PUT"))).toHaveLength(1);
});

test("a host that stays says nothing, and one that cannot be asked is said", async () => {
  const { url } = await metadata({ "instance-id": "i-0a1b" });
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
  expect(await createHostMetadata({ clock: new FakeClock(), env }).notices(never)).toEqual([]);
  const off = { ...env, AWS_EC2_METADATA_DISABLED: "true" };
  expect(await createHostMetadata({ clock: new FakeClock(), env: off }).notices(never)).toEqual([]);
  const away = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
  await expect(createHostMetadata({ clock: new FakeClock(), env: away }).notices(never)).rejects.toThrow(
    /is this an EC2 instance\?/,
  );
});
