import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { parseAlarmNotification } from "../../src/aws/alarm-notification.ts";
import { CertificateError } from "../../src/aws/sns-certificates.ts";
import { createSnsVerifier } from "../../src/aws/sns-signature.ts";
import type { AlarmEvent } from "../../src/domain/index.ts";
import { createSigner, type Signer, type Unsigned } from "../../src/sandbox/aws-sns-sign.ts";
import { AlarmReceiver, isFleetTopic, placeOf } from "../../src/watch/alarm-receiver.ts";
import { deployment, small } from "../alarms/support.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";

const REGION = "eu-west-1";
const ACCOUNT = "111111111111";
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:CloudWatchAlarmsEU_West_1_ELB`;
const FLEET = small(["acme"], { alarms: {} });
const [genuine, other] = await Promise.all([createSigner(), createSigner()]);

function rig() {
  const clock = new FakeClock("2026-11-21T08:00:00Z");
  const log = recordingLog();
  const received: AlarmEvent[] = [];
  const confirmed: string[] = [];
  const state = { ready: true, certificate: true, fails: false };
  const isOurs = (arn: string): boolean => isFleetTopic(arn, FLEET, (account) => account === ACCOUNT);
  const certificates = {
    keyOf: () =>
      state.certificate
        ? Promise.resolve(new X509Certificate(genuine.certificate).publicKey)
        : Promise.reject(new CertificateError("unavailable", "sns.eu-west-1.amazonaws.com does not answer")),
  };
  const verifier = createSnsVerifier({ clock, certificates, isOurs });
  const receiver = new AlarmReceiver({
    clock,
    log,
    fleet: () => FLEET,
    verify: (body) => verifier.verify(body),
    confirm: (place, topicArn, token) => {
      if (state.fails) return Promise.reject(new Error("AWS is out of reach"));
      confirmed.push(`${place.region} ${topicArn} ${token}`);
      return Promise.resolve(`${topicArn}:1`);
    },
    parse: (text) => parseAlarmNotification(text, "sns"),
    isReady: () => state.ready,
    receive: (event) => {
      if (state.fails) return Promise.reject(new Error("it could not be kept"));
      received.push(event);
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  let id = 0;
  const message = (more: Partial<Unsigned> = {}, signer: Signer = genuine, version: "1" | "2" = "1"): string =>
    signer.signed(
      {
        Type: "Notification",
        MessageId: `m-${id++}`,
        TopicArn: TOPIC,
        Message: alarmText(),
        Timestamp: new Date(clock.now()).toISOString(),
        ...more,
      },
      version,
      REGION,
    );
  return {
    ...state,
    state,
    clock,
    log,
    receiver,
    received,
    confirmed,
    message,
    code: async (body: string) => (await receiver.take(body)).code,
  };
}

function alarmText(): string {
  return JSON.stringify({
    AlarmName: "acme ELB HTTPCode_ELB_5XX_Count",
    AlarmArn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:acme ELB HTTPCode_ELB_5XX_Count`,
    NewStateValue: "ALARM",
    OldStateValue: "OK",
    NewStateReason: "Threshold Crossed",
    StateChangeTime: "2026-11-21T08:00:00.000+0000",
  });
}

test("a genuine notification is taken once, in both versions of the signature, and a redelivery is answered well", async () => {
  const { code, message, received } = rig();
  for (const version of ["1", "2"] as const) {
    const body = message({}, genuine, version);
    expect(await code(body)).toBe(200);
    expect(await code(body)).toBe(200);
  }
  expect(received).toHaveLength(2);
  expect(received[0]).toMatchObject({ state: "ALARM", previous: "OK", via: "sns", region: REGION });
});

test("forged, stale and foreign messages, and what is none, are refused for good, and nothing comes of them", async () => {
  const { code, message, received, confirmed, receiver } = rig();
  expect(await code(message({}, other))).toBe(403);
  expect(await code(message().replace("Threshold", "Nothing"))).toBe(403);
  expect(await code(message({ Timestamp: "2026-11-21T06:00:00.000Z" }))).toBe(403);
  for (const topic of [
    TOPIC.replace(ACCOUNT, "999999999999"),
    TOPIC.replace("_ELB", "_Else"),
    TOPIC.replace(REGION, "us-east-1"),
    `${TOPIC}:x`,
  ])
    expect(await code(message({ TopicArn: topic }))).toBe(403);
  expect(await code(message({ Type: "SubscriptionConfirmation", Token: "t", SubscribeURL: "https://x" }, other))).toBe(
    403,
  );
  expect(await code("{}")).toBe(400);
  expect(await code("x".repeat(600_001))).toBe(413);
  expect([received, confirmed]).toEqual([[], []]);
  expect(receiver.refused).toBe(10);
});

test("a flood of refused messages is logged once a minute for each kind, with how many there were", async () => {
  const { code, message, log, clock, receiver } = rig();
  const said = () => log.lines.filter((one) => one.level === "warn").map((one) => one.message);
  for (let index = 0; index < 50; index++) {
    expect(await code("{}")).toBe(400);
    expect(await code(message({}, other))).toBe(403);
  }
  expect(receiver.refused).toBe(100);
  expect(said()).toHaveLength(2);
  await clock.advance(60_000);
  await code("{}");
  expect(said()).toHaveLength(3);
  expect(said()[2]).toMatch(/; 49 more since/);
  await clock.advance(60_000);
  await code("{}");
  expect(said()[3]).not.toMatch(/more since/);
});

test("what passes by itself is asked for again: a certificate that cannot be had, work that fails, a start", async () => {
  const { code, message, received, state } = rig();
  const body = message();
  state.certificate = false;
  expect(await code(body)).toBe(503);
  state.certificate = true;
  state.fails = true;
  expect(await code(body)).toBe(503);
  state.fails = false;
  state.ready = false;
  expect(await code(body)).toBe(503);
  state.ready = true;
  expect(await code(body)).toBe(200);
  expect(received).toHaveLength(1);
});

test("a subscription is confirmed through the API with the token, never by visiting an address", async () => {
  const { code, message, confirmed, state } = rig();
  const body = message({ Type: "SubscriptionConfirmation", Token: "2336", SubscribeURL: "https://evil.example.com/" });
  state.fails = true;
  expect(await code(body)).toBe(503);
  state.fails = false;
  expect(await code(body)).toBe(200);
  expect(confirmed).toEqual([`${REGION} ${TOPIC} 2336`]);
});

test("other messages on the topic, and the end of a subscription, are answered well and change nothing", async () => {
  const { code, message, received, log } = rig();
  expect(await code(message({ Message: "hello" }))).toBe(200);
  expect(await code(message({ Type: "UnsubscribeConfirmation", Token: "t", SubscribeURL: "https://x" }))).toBe(200);
  expect(received).toEqual([]);
  expect(log.lines.some((one) => /ended the subscription/.test(one.message))).toBe(true);
});

test("an account and region are reached the way the fleet says", () => {
  const role = "arn:aws:iam::222222222222:role/watch";
  const fleet = small([], { deployments: [deployment("acme", 1), deployment("far", 1, { roleArn: role })] });
  expect(placeOf(TOPIC, fleet)).toEqual({ region: REGION, roleArn: undefined });
  expect(placeOf(TOPIC.replace(ACCOUNT, "222222222222"), fleet)).toEqual({ region: REGION, roleArn: role });
  expect(placeOf(TOPIC.replace(REGION, "us-east-1"), fleet)).toBeUndefined();
});
