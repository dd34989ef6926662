import { describe, expect, it } from "vitest";
import { describeInventory, starterFleet } from "../../src/inventory/index.ts";
import { ENV, GOOD, SECRETS, accepted, load, refused } from "./support.ts";

const CORES = `deployments:
  - id: acme
    app: acme
    kind: production
    connectionUri: https://acme.example.com:8443/
    cores: [{ id: a, url: "https://10.0.0.1:3567" }]
`;

/** `line:column message` of every warning, informations left out. */
function warningsOf(text: string): string[] {
  return accepted(load(text))
    .warnings.filter((one) => one.severity === "warning")
    .map((one) => `${one.line}:${one.column} ${one.message}`);
}

describe("a good fleet.yaml", () => {
  const { fleet, warnings, redact, files } = accepted(load(GOOD));

  it("becomes a fleet with its references read", () => {
    const [production, beta] = fleet.deployments;
    expect(production?.cores[0]?.apiKey?.reveal()).toBe("acmeKeySecret-99");
    expect(production?.cores[1]?.apiKey?.reveal()).toBe("fileKeySecret-88");
    expect(production?.tls.ca).toContain("BEGIN CERTIFICATE");
    expect(production?.host).toBe("acme.example.com");
    expect(production?.poolSize).toBe(20);
    expect(beta?.connectionUri).toBe("http://beta.example.com/auth");
    expect(beta?.tenancy).toBe("multi-tenant");
    const reader = fleet.databases.find((one) => one.id === "reader");
    expect(reader?.url.reveal()).toBe("postgresql://reader:readerSecret-97@db.example.com/acme");
    expect(reader).toMatchObject({ replica: true, maxLagMs: 5000, maxConnectionShare: 0.9 });
    expect(fleet.checks.tls).toMatchObject({ certificateDays: 30, timezone: "Europe/Berlin", failures: 2 });
    expect(fleet.checks.http).toMatchObject({ connection: "reuse", slowMs: 2000 });
    expect(fleet.endpoints.map((one) => one.status)).toEqual([[[200, 399]], [[204, 204]], [[200, 299]], [[200, 299]]]);
    expect(fleet.silences[0]).toMatchObject({ from: 0, until: Date.parse("2026-12-01T00:00:00Z"), by: "fleet.yaml" });
    expect(files).toEqual(["test/inventory/fixtures/ca.pem", "test/inventory/fixtures/keys/acme"]);
  });

  it("has its alarms as the alarm manager takes them: periods in seconds, nothing that is not written", () => {
    expect(fleet.alarms).toEqual({
      profile: "seed",
      topic: "CloudWatchAlarms{{Region}}_ELB",
      autoApply: "off",
      subscriptions: [
        { protocol: "email", endpoint: "ops@example.com" },
        { protocol: "sqs", endpoint: "arn:aws:sqs:eu-west-1:123456789012:alarms" },
      ],
      resources: [
        {
          kind: "rds",
          name: "acme-db",
          deployments: ["acme-production"],
          overrides: { "rds-cpu": { threshold: 90, evaluationPeriods: 3 } },
        },
        {
          kind: "lambda",
          name: "sign-up",
          deployments: [],
          region: "us-east-1",
          roleArn: "arn:aws:iam::123456789012:role/watch",
        },
      ],
      deadMan: true,
      schedule: "0 */10 * * * *",
      drillSchedule: "0 0 9 * * 1",
    });
    const [production, beta] = fleet.deployments;
    expect(production?.alarms).toEqual({
      profile: "recommended",
      overrides: {
        "target-response-time": { threshold: 3, periodSeconds: 60, statistic: "p95" },
        "elb-5xx": { enabled: false },
      },
    });
    expect(beta).not.toHaveProperty("alarms");
  });

  it("has its checklist as the audit takes it: seconds, days and shares, nothing that is not written", () => {
    expect(warnings).toEqual([]);
    expect(fleet.deployments[0]?.audit).toEqual({
      expect: {
        successCodes: "200-299",
        healthCheckTimeout: 5,
        certificateDays: 14,
        spotShare: 0.5,
        bucketTags: { VantaOwner: "*" },
      },
      waive: [{ rule: "dns-record", reason: "moving", until: Date.parse("2027-01-31") }],
    });
    expect(fleet.deployments[1]).not.toHaveProperty("audit");
  });

  it("shows no secret when it is written out, and gives all of them to the redactor", () => {
    const written = JSON.stringify(fleet) + JSON.stringify(describeInventory(fleet, 0)) + JSON.stringify(warnings);
    for (const secret of SECRETS) {
      expect(written).not.toContain(secret);
      expect(redact.some((value) => value.includes(secret))).toBe(true);
    }
    expect(redact).not.toContain("text/html");
    expect(redact).toContain("apiTokenSecret-90");
  });
});

describe("defaults", () => {
  it("are the contract's", () => {
    const { fleet } = accepted(load(`version: 1\nfleet: acme\n${CORES}`));
    expect(fleet.incidents).toEqual({ reopenWithinMs: 600_000, remindEveryMs: 14_400_000, escalate: [] });
    expect(fleet.web).toEqual({ host: "127.0.0.1", port: 8090, publicUrl: undefined });
    const day = 86_400_000;
    expect(fleet.store).toEqual({
      url: undefined,
      retention: { rawMs: day, minuteMs: 7 * day, hourMs: 400 * day },
    });
    expect(fleet.deployments[0]).toMatchObject({
      tenancy: "dedicated",
      connectionUri: "https://acme.example.com:8443",
      host: "acme.example.com:8443",
      tls: { ca: undefined, verify: true, serverName: "acme.example.com" },
      poolSize: 10,
    });
    const fallback = accepted(
      load('version: 1\nfleet: a\nfallback: { webhook: "${env:OPS_WEBHOOK}", secret: "${env:ACME_KEY}" }\n'),
    );
    expect(fallback.fleet.fallback?.afterMs).toBe(120_000);
  });

  it("leave the port out of the Host header when it is the scheme's own", () => {
    const { fleet } = accepted(load(`version: 1\nfleet: acme\n${CORES.replace(":8443", ":443")}`));
    expect(fleet.deployments[0]?.host).toBe("acme.example.com");
  });
});

describe("what works and is probably not meant so", () => {
  it("is a warning with its place", () => {
    const head = "version: 1\nfleet: acme\n";
    expect(warningsOf(`${head}slack: { token: xoxb-1234-literal, channel: "#ops" }\n${CORES}`)).toEqual([
      "3:17 a secret stands in the file itself",
    ]);
    expect(warningsOf(`${head}web: { listen: "0.0.0.0:8090" }\n${CORES}`)).toEqual([
      "3:16 anybody who reaches this port can look in",
    ]);
    expect(warningsOf(head + CORES.replace("acme.example.com", "10.0.0.9"))).toEqual([
      "7:20 is an address, not a name",
    ]);
    expect(warningsOf(`${head}checks: { hello: { timeout: 5s } }\n${CORES}`)[0]).toMatch(
      /^3:29 a core without its database/,
    );
    expect(warningsOf(head + CORES.replace("}]", '}, { id: b, url: "https://10.0.0.1:3567" }]'))).toEqual([
      '8:68 the core "a" has the same url',
    ]);
    expect(warningsOf(head)).toEqual(["1:1 there is nothing to watch"]);
  });

  it("does not count a URL without a password as a secret", () => {
    const text = 'version: 1\nfleet: a\ndatabases: { main: { kind: postgres, url: "postgres://db.example.com/x" } }\n';
    expect(warningsOf(text)).toEqual([]);
    expect(warningsOf(text.replace("db.", "u:pw@db."))).toEqual(["3:43 a secret stands in the file itself"]);
  });

  it("says when a silence is over, and when it names no deployment", () => {
    const text = `version: 1\nfleet: a\n${CORES}silences: [{ match: { deployment: gone }, until: 2026-01-01 }]\n`;
    const said = accepted(load(text)).warnings.map((one) => one.message);
    expect(said).toContain("this silence is over");
    expect(said).toContain("no deployment has this id");
  });
});

describe("references", () => {
  it("are resolved where an alias repeats them, without a false warning", () => {
    const text = `version: 1\nfleet: a\nheartbeats:\n  - { id: a, every: 5m, token: &t "\${env:ACME_KEY}" }\n  - { id: b, every: 5m, token: *t }\n`;
    const { fleet, warnings } = accepted(load(text));
    expect(fleet.heartbeats.map((one) => one.token?.reveal())).toEqual(["acmeKeySecret-99", "acmeKeySecret-99"]);
    expect(warnings.filter((one) => one.severity === "warning")).toEqual([]);
  });

  it("that are empty are refused like unset ones, with their own sentence", () => {
    const text = 'version: 1\nfleet: a\nstore: { url: "${env:EMPTY}" }\n';
    expect(refused(load(text, { env: { EMPTY: "" } })).errors[0]).toMatchObject({
      line: 3,
      column: 16,
      message: "environment variable EMPTY is empty",
    });
  });

  it("to a file that is too big, or no text, are refused", () => {
    const text = 'version: 1\nfleet: a\nstore: { url: "${file:url}" }\n';
    const big = refused(load(text, { readFile: () => "x".repeat(1024 * 1024 + 1) }));
    expect(big.errors[0]?.message).toBe("the file test/inventory/fixtures/url is larger than 1024 KiB");
    const binary = refused(load(text, { readFile: () => new Uint8Array([0xff, 0xfe, 0x00]) }));
    expect(binary.errors[0]?.message).toBe("the file test/inventory/fixtures/url is not UTF-8 text");
  });

  it("do not reach what objects inherit", () => {
    const text = 'version: 1\nfleet: a\nstore: { url: "${env:constructor}" }\n';
    expect(refused(load(text)).errors[0]?.message).toBe("environment variable constructor is not set");
  });
});

describe("the file itself", () => {
  it("that cannot be read is one located error", () => {
    const missing = refused(load(undefined, { path: "no/fleet.yaml" }));
    expect(missing.errors).toEqual([
      {
        severity: "error",
        file: "no/fleet.yaml",
        line: 1,
        column: 1,
        path: "",
        message: "the configuration does not exist",
        hint: 'write one with "corewatch init", or name one with --config FILE',
      },
    ]);
  });

  it("is refused above 4 MiB", () => {
    expect(refused(load(`# ${"x".repeat(4 * 1024 * 1024)}\n`)).errors[0]?.message).toBe(
      "the configuration is larger than 4096 KiB",
    );
  });

  it("may begin with a byte order mark, and end its lines as Windows does", () => {
    expect(accepted(load(`\uFEFF${GOOD.replaceAll("\n", "\r\n")}`)).fleet.deployments).toHaveLength(2);
    const broken = `\uFEFF${"version: 1\nfleet: a b\n".replaceAll("\n", "\r\n")}`;
    expect(refused(load(broken)).errors[0]).toMatchObject({ line: 2, column: 8 });
  });

  it("keeps YAML 1.2: dates and yes are texts", () => {
    const { errors } = refused(
      load("version: 1\nfleet: a\nchecks: { session: { enabled: yes } }\nregion: 2027-01-31\n"),
    );
    expect(errors.map((one) => one.message)).toEqual([
      'must be true or false, not "yes"',
      'must be an AWS region, not "2027-01-31"',
    ]);
  });
});

it("the starter is valid once the variables that it names are set", () => {
  const starter = starterFleet();
  const result = accepted(
    load(starter, { env: { SLACK_BOT_TOKEN: "xoxb-1", MAIN_DATABASE_URL: "postgres://a:b@c/d" } }),
  );
  expect(result.fleet.deployments[0]?.cores).toHaveLength(2);
  expect(result.warnings).toEqual([]);
  const unset = refused(load(starter, { env: {} }));
  expect(unset.errors.map((one) => one.message)).toEqual([
    "environment variable SLACK_BOT_TOKEN is not set",
    "environment variable MAIN_DATABASE_URL is not set",
  ]);
});

it("every key that the starter only suggests is valid too", () => {
  const suggested = starterFleet().replaceAll(
    /^( *)# ((?:region|mention|fallback|store|incidents|checks| {2}hello| {2}session|loadBalancer|instance|zone|apiKey|endpoints|heartbeats|maintenance|certify|scale| {2}allowed| {2}coreHeader| {2}thresholds| {2}survival| {2}request| {4}url| {4}params| {2}-).*)$/gm,
    "$1$2",
  );
  const env = {
    SLACK_BOT_TOKEN: "xoxb-1",
    MAIN_DATABASE_URL: "postgres://a:b@c/d",
    OPS_WEBHOOK: "https://hooks.example.com/1",
    OPS_WEBHOOK_SECRET: "one-two-three",
    COREWATCH_STORE_URL: "postgres://a:b@c/e",
    CORE_API_KEY: "key-key-key",
    WORKER_TOKEN: "worker-token",
    SCALE_PASSWORD: "scale-password",
  };
  const { fleet } = accepted(load(suggested, { env }));
  expect(fleet.maintenance).toHaveLength(1);
  expect(fleet.slack?.mention).toBe("@oncall");
  expect(fleet.deployments[0]?.cores[0]?.zone).toBe("eu-west-1a");
  expect(fleet.deployments[0]?.certify).toMatchObject({ allowed: true, thresholds: { errors: 0.001 } });
  expect(fleet.deployments[0]?.scale?.request).toMatchObject({ kind: "request", method: "POST" });
});

it("10,000 cores load", () => {
  const lines = ["version: 1", "fleet: large", "deployments:"];
  for (let d = 0; d < 250; d++) {
    lines.push(
      `  - id: d${d}`,
      "    app: a",
      "    kind: production",
      `    connectionUri: https://d${d}.example.com`,
      "    cores:",
    );
    for (let c = 0; c < 40; c++) {
      lines.push(
        `      - { id: c-${c}, url: "https://10.0.${d}.${c}:3567", instance: i-${d}, zone: eu-west-1a, apiKey: "\${env:ACME_KEY}" }`,
      );
    }
  }
  const text = `${lines.join("\n")}\n`;
  const { fleet } = accepted(load(text, { env: ENV }));
  expect(fleet.deployments).toHaveLength(250);
  expect(fleet.deployments.flatMap(({ cores }) => cores)).toHaveLength(10_000);
});
