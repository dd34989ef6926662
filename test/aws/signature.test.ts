import { createPublicKey, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { CertificateError, createCertificateSource } from "../../src/aws/sns-certificates.ts";
import { createSnsVerifier, isCertificateAddress, type SnsVerifierOptions } from "../../src/aws/sns-signature.ts";
import { portOf } from "../databases/servers.ts";
import { FakeClock } from "../fakes/clock.ts";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:CloudWatchAlarmsEU_West_1_ELB";
const ADDRESS = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });

type Fields = Record<string, string>;

const notification = (more: Fields = {}): Fields => ({
  Type: "Notification",
  MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
  TopicArn: TOPIC,
  Subject: 'ALARM: "acme" in EU (Ireland)',
  Message: '{"AlarmName":"acme",\n"x":"ü"}',
  Timestamp: "2026-11-21T08:00:00.000Z",
  SignatureVersion: "1",
  SigningCertURL: ADDRESS,
  UnsubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
  ...more,
});

const confirmation = (more: Fields = {}): Fields => {
  const { Subject: _subject, ...rest } = notification();
  return {
    ...rest,
    Type: "SubscriptionConfirmation",
    Token: "2336412f37",
    SubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
    ...more,
  };
};

/** Signs as the documentation of SNS says: written here once more, apart from what verifies it. */
function signed(fields: Fields, key: KeyObject = own.privateKey): string {
  const names =
    fields["Type"] === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  let text = "";
  for (const name of names) if (fields[name] !== undefined) text += name + "\n" + fields[name] + "\n";
  const signer = createSign(fields["SignatureVersion"] === "2" ? "sha256WithRSAEncryption" : "sha1WithRSAEncryption");
  return JSON.stringify({ ...fields, Signature: signer.update(text, "utf8").sign(key, "base64") });
}

function verifier(options: Partial<SnsVerifierOptions> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const certificates = {
    keyOf: (url: string) => {
      asked.push(url);
      return Promise.resolve(own.publicKey);
    },
  };
  const made = createSnsVerifier({ clock, certificates, isOurs: (arn) => arn === TOPIC, ...options });
  const outcome = async (body: string) => {
    const verdict = await made.verify(body);
    return verdict.ok ? "ok" : verdict.refusal;
  };
  return { ...made, clock, asked, outcome };
}

test.each(["1", "2"])("signature version %s of a notification and of a confirmation is accepted", async (version) => {
  const { verify } = verifier();
  const verdict = await verify(signed(notification({ SignatureVersion: version })));
  expect(verdict).toMatchObject({
    ok: true,
    at: Date.parse("2026-11-21T08:00:00Z"),
    message: { type: "Notification", topicArn: TOPIC, message: '{"AlarmName":"acme",\n"x":"ü"}' },
  });
  const { Subject: _subject, ...bare } = notification({ SignatureVersion: version, MessageId: "2" });
  expect((await verify(signed(bare))).ok).toBe(true);
  const other = await verify(signed(confirmation({ SignatureVersion: version, MessageId: "3" })));
  expect(other).toMatchObject({ ok: true, message: { type: "SubscriptionConfirmation", token: "2336412f37" } });
});

test("whatever of the signed text is changed, the message is forged", async () => {
  const { outcome } = verifier();
  for (const fields of [notification(), confirmation()]) {
    const names = ["Message", "MessageId", "Timestamp", "Subject", "Token", "SubscribeURL"].filter(
      (name) => name in fields,
    );
    for (const name of names) {
      const document: Fields = JSON.parse(signed(fields)) as Fields;
      const changed = name === "Timestamp" ? "2026-11-21T08:00:01.000Z" : `${document[name]}.`;
      expect([name, await outcome(JSON.stringify({ ...document, [name]: changed }))]).toEqual([name, "forged"]);
    }
  }
  expect(await outcome(signed(notification(), foreign.privateKey))).toBe("forged");
  const document: Fields = JSON.parse(signed(notification())) as Fields;
  expect(await outcome(JSON.stringify({ ...document, SignatureVersion: "2" }))).toBe("forged");
  expect(await outcome(JSON.stringify({ ...document, Signature: "" }))).toBe("forged");
  expect(await outcome(JSON.stringify({ ...document, Signature: "!!" }))).toBe("forged");
  expect(await outcome(JSON.stringify(document))).toBe("ok");
});

test("a message of another topic, an old one, one from the future and one that is none are refused without a fetch", async () => {
  const { outcome, asked } = verifier();
  expect(await outcome(signed(notification({ TopicArn: `${TOPIC}2` })))).toBe("foreign-topic");
  expect(await outcome(signed(notification({ Timestamp: "2026-11-21T06:59:59.999Z" })))).toBe("stale");
  expect(await outcome(signed(notification({ Timestamp: "2026-11-21T08:05:00.001Z" })))).toBe("stale");
  expect(await outcome(signed(notification({ Timestamp: "soon" })))).toBe("stale");
  expect(await outcome(signed(notification({ SignatureVersion: "3" })))).toBe("unknown-signature-version");
  for (const text of ["", "null", "[]", "{}", '"x"', "{", JSON.stringify({ Type: "Notification" })])
    expect(await outcome(text)).toBe("not-sns");
  expect(await outcome(JSON.stringify(notification()))).toBe("not-sns");
  expect(await outcome(signed(notification({ Message: "x".repeat(700_000) })))).toBe("too-large");
  expect(await outcome(signed(notification({ SigningCertURL: "https://evil.example.com/x.pem" })))).toBe(
    "certificate-address",
  );
  expect(asked).toEqual([]);
});

test("a message is taken once, and again only when it was given back", async () => {
  const { outcome, verify } = verifier();
  const body = signed(notification());
  const first = await verify(body);
  expect(await outcome(body)).toBe("replayed");
  if (!first.ok) throw new Error("refused");
  first.forget();
  expect(await outcome(body)).toBe("ok");
  expect(await outcome(body)).toBe("replayed");
});

test("a forged copy that comes first does not keep the genuine message out", async () => {
  const { outcome } = verifier();
  expect(await outcome(signed(notification(), foreign.privateKey))).toBe("forged");
  expect(await outcome(signed(notification()))).toBe("ok");
});

test("a full memory takes no old message twice, and goes on taking new ones", async () => {
  const { outcome, clock } = verifier({ memory: 10 });
  const bodies = Array.from({ length: 30 }, (_, index) =>
    signed(notification({ MessageId: `m${index}`, Timestamp: new Date(clock.now() + index).toISOString() })),
  );
  for (const body of bodies) expect(await outcome(body)).toBe("ok");
  for (const body of bodies) expect(await outcome(body)).toBe("replayed");
});

test.each([
  [ADDRESS, true],
  ["https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-a.pem", true],
  ["https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-a.pem", true],
  ["http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com.evil.com/SimpleNotificationService-a.pem", false],
  ["https://evil.com/https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com@evil.com/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem?x=1", false],
  ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem#x", false],
  ["https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com/other/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a/b.pem", false],
  ["https://bucket.s3.amazonaws.com/SimpleNotificationService-a.pem", false],
  ["https://sns.amazonaws.com/SimpleNotificationService-a.pem", false],
  ["https://SNS.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem", false],
  ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem\n", false],
  ["", false],
])("certificate address %j: %s", (address, wanted) => {
  expect(isCertificateAddress(address)).toBe(wanted);
});

test("a certificate that cannot be fetched is told apart from one that is bad", async () => {
  const failing = (kind: "bad" | "unavailable") => ({ keyOf: () => Promise.reject(new CertificateError(kind, "why")) });
  const outcomeOf = (options: Partial<SnsVerifierOptions>) => verifier(options).outcome(signed(notification()));
  expect(await outcomeOf({ certificates: failing("bad") })).toBe("certificate-invalid");
  expect(await outcomeOf({ certificates: failing("unavailable") })).toBe("certificate-unavailable");
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  expect(await outcomeOf({ certificates: { keyOf: () => Promise.resolve(curve) } })).toBe("certificate-invalid");
});

/** A server that serves what it is told under any path, and counts. */
async function serve() {
  const answers = { status: 200, body: "", headers: {} as Record<string, string> };
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.writeHead(answers.status, answers.headers).end(answers.body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { answers, paths, endpoint: `http://127.0.0.1:${portOf(server)}` };
}

test("a certificate is fetched once for a day, at its path on a configured endpoint", async () => {
  const { answers, paths, endpoint } = await serve();
  const made = await generate([{ name: "commonName", value: "sns.amazonaws.com" }], {
    keyType: "rsa",
    notBeforeDate: new Date("2026-11-20T00:00:00Z"),
    notAfterDate: new Date("2026-11-23T00:00:00Z"),
  });
  answers.body = made.cert;
  const clock = new FakeClock();
  const source = createCertificateSource({ clock, endpoint });
  const keys = await Promise.all([source.keyOf(ADDRESS), source.keyOf(ADDRESS)]);
  const wanted = createPublicKey(made.public).export({ type: "spki", format: "pem" });
  expect(keys.map((key) => key.export({ type: "spki", format: "pem" }))).toEqual([wanted, wanted]);
  expect(paths).toEqual(["/SimpleNotificationService-0123456789abcdef.pem"]);
  await clock.advance(23 * 3_600_000);
  await source.keyOf(ADDRESS);
  expect(paths).toHaveLength(1);
  await clock.advance(3_600_000);
  await source.keyOf(ADDRESS);
  expect(paths).toHaveLength(2);
  clock.step(48 * 3_600_000);
  await expect(source.keyOf(ADDRESS)).rejects.toMatchObject({ kind: "bad" });
});

test("what is no certificate is bad and not asked for again at once; a broken server is unavailable", async () => {
  const { answers, paths, endpoint } = await serve();
  const clock = new FakeClock();
  const source = createCertificateSource({ clock, endpoint, timeoutMs: 2_000 });
  const kindOf = () =>
    source.keyOf(ADDRESS).then(
      () => "key",
      (error: CertificateError) => error.kind,
    );
  answers.status = 503;
  expect([await kindOf(), await kindOf()]).toEqual(["unavailable", "unavailable"]);
  expect(paths).toHaveLength(2);
  Object.assign(answers, { status: 302, headers: { location: "http://127.0.0.1:1/" } });
  expect(await kindOf()).toBe("unavailable");
  Object.assign(answers, { status: 200, headers: {}, body: "x".repeat(20_000) });
  expect([await kindOf(), await kindOf()]).toEqual(["bad", "bad"]);
  expect(paths).toHaveLength(4);
  await clock.advance(60_000);
  answers.body = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n";
  expect(await kindOf()).toBe("bad");
  await clock.advance(60_000);
  answers.status = 404;
  expect(await kindOf()).toBe("bad");
});
