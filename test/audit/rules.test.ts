import { describe, expect, test } from "vitest";
import { certificateCovers, covers } from "../../src/audit/certificate-covers.ts";
import { certifiedRate } from "../../src/audit/certified-rate.ts";
import { checksRunning } from "../../src/audit/checks-running.ts";
import { cloudfrontOrigins } from "../../src/audit/cloudfront-origins.ts";
import { connectionBudget } from "../../src/audit/connection-budget.ts";
import { connectionUri } from "../../src/audit/connection-uri.ts";
import { coresPerInstance } from "../../src/audit/cores-per-instance.ts";
import { dnsRecord } from "../../src/audit/dns-record.ts";
import { ecsDeploymentPercents } from "../../src/audit/ecs-deployment-percents.ts";
import { ecsSpotDraining } from "../../src/audit/ecs-spot-draining.ts";
import { ecsStopTimeout } from "../../src/audit/ecs-stop-timeout.ts";
import { slackDrill } from "../../src/audit/slack-drill.ts";
import { spotShare } from "../../src/audit/spot-share.ts";
import { targetType } from "../../src/audit/target-type.ts";
import type { CertifiedFacts } from "../../src/audit/rule.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { contextOf, DAY_MS, NOW, provider } from "./contexts.ts";

const LB = "acme-1.eu-west-1.elb.amazonaws.com";

describe("a certificate of corewatch certify", () => {
  const certificate = (more: Partial<CertifiedFacts>): CertifiedFacts => ({
    at: NOW - DAY_MS,
    verdict: "pass",
    criteria: { rate: "pass", errors: "pass", "latency-p99": "pass" },
    rate: 1_000,
    heldMs: 600_000,
    sessions: 0,
    file: "one.json",
    ...more,
  });
  const judged = (...certificates: CertifiedFacts[]) => certifiedRate.check(contextOf({ certificates }));

  test("that is current and passed is a pass", async () => {
    expect(await judged(certificate({}))).toMatchObject({ outcome: "pass", actual: "certified 1 day ago" });
  });
  test("that is too old fails, with its age", async () => {
    const old = certificate({ at: NOW - 91 * DAY_MS });
    expect(await judged(old)).toMatchObject({ outcome: "fail", actual: "it is 91 days old" });
    expect(
      await certifiedRate.check(contextOf({ certificates: [old], expect: { certifiedWithin: 100 } })),
    ).toMatchObject({
      outcome: "pass",
    });
  });
  test("in which a criterion failed or was invalid fails, with that criterion", async () => {
    const failing = certificate({ criteria: { rate: "pass", errors: "fail", "latency-p99": "invalid" } });
    expect(await judged(failing)).toMatchObject({ outcome: "fail", actual: "errors: fail, latency-p99: invalid" });
  });
  test("for less than the rate fails", async () => {
    expect(await judged(certificate({ rate: 500 }))).toMatchObject({
      outcome: "fail",
      actual: "only 500 requests a second were asked for",
    });
  });
  test("that held the rate for less proves nothing, but an older one that held it does; and what failed has failed", async () => {
    const quick = certificate({ heldMs: 100_000 });
    expect(await judged(quick)).toMatchObject({ outcome: "fail", actual: "it was held for 1 min, not 10 min" });
    expect(await judged(quick, certificate({ at: NOW - 2 * DAY_MS }))).toMatchObject({
      outcome: "pass",
      actual: "certified 2 days ago",
    });
    const failed = { ...quick, criteria: { ...quick.criteria, errors: "fail" as const } };
    expect(await judged(failed, certificate({ at: NOW - 2 * DAY_MS }))).toMatchObject({ outcome: "fail" });
  });
  test("that failed is not excused by an older one that passed", async () => {
    const failed = certificate({ criteria: { rate: "fail", errors: "pass", "latency-p99": "pass" } });
    expect(await judged(failed, certificate({ at: NOW - 2 * DAY_MS }))).toMatchObject({ outcome: "fail" });
  });
  test("of something else says nothing of the rate: the newest that judged it counts", async () => {
    const other = certificate({ criteria: { "sessions-held": "pass" } });
    expect(await judged(other, certificate({ at: NOW - 2 * DAY_MS }))).toMatchObject({ outcome: "pass" });
    expect(await judged(other)).toMatchObject({ outcome: "fail", actual: "no certificate of it" });
  });
});

test("a drill counts for thirty days, or as long as the fleet says", async () => {
  const at = (days: number, expected = {}) =>
    slackDrill.check(contextOf({ drill: NOW - days * DAY_MS, expect: expected })).then(({ outcome }) => outcome);
  expect(await at(29)).toBe("pass");
  expect(await at(30)).toBe("fail");
  expect(await at(30, { drillWithin: 60 })).toBe("pass");
});

test("a wildcard covers one label, and a name itself whatever its case", () => {
  expect(covers("*.aws.supertokens.com", "acme.aws.supertokens.com")).toBe(true);
  expect(covers("*.aws.supertokens.com", "a.b.aws.supertokens.com")).toBe(false);
  expect(covers("*.aws.supertokens.com", "aws.supertokens.com")).toBe(false);
  expect(covers("*.com", ".com")).toBe(false);
  expect(covers("Acme.Example.com", "acme.example.COM")).toBe(true);
});

test("without an HTTPS listener there is no certificate to look at", async () => {
  expect(await certificateCovers.check(contextOf())).toMatchObject({
    outcome: "fail",
    actual: "no HTTPS listener on port 3567",
  });
});

test("a load balancer that forwards to nothing fails what is asked of its target groups", async () => {
  expect(await targetType.check(contextOf())).toMatchObject({
    outcome: "fail",
    actual: "acme forwards to no target group",
  });
});

describe("the name that users have", () => {
  const record = (value: Partial<{ aliasTo: string; values: readonly string[] }>, names: Record<string, string[]>) =>
    dnsRecord.check(
      contextOf({
        names: { [LB]: ["203.0.113.1", "203.0.113.2"], ...names },
        cloud: {
          records: () =>
            Promise.resolve([
              { name: "acme.example.com.", type: "CNAME", aliasTo: undefined, values: [], ...value },
              { name: "acme.example.com.", type: "TXT", aliasTo: undefined, values: ["v=spf1"] },
            ]),
        },
      }),
    );

  test("may be an alias with AWS's dualstack in front", async () => {
    const to = { aliasTo: `dualstack.${LB.toUpperCase()}.` };
    expect(await record(to, { "acme.example.com": ["203.0.113.2"] })).toMatchObject({ outcome: "pass" });
  });
  test("may lead there by another name", async () => {
    const names = { "acme.example.com": ["203.0.113.1"], "lb.example.com": ["203.0.113.1", "203.0.113.2"] };
    expect(await record({ values: ["lb.example.com."] }, names)).toMatchObject({ outcome: "pass" });
  });
  test("may not be the load balancer's address, which changes", async () => {
    expect(await record({ values: ["203.0.113.1"] }, { "acme.example.com": ["203.0.113.1"] })).toMatchObject({
      outcome: "fail",
      actual: "Route 53 leads it to 203.0.113.1",
    });
  });
  test("fails when the world resolves it otherwise than Route 53 has it", async () => {
    expect(await record({ values: [LB] }, { "acme.example.com": ["198.51.100.7"] })).toMatchObject({
      outcome: "fail",
      actual: `acme.example.com resolves to 198.51.100.7; ${LB} to 203.0.113.1, 203.0.113.2`,
    });
    expect(await record({ values: [LB] }, {})).toMatchObject({ actual: "acme.example.com resolves to nothing" });
  });
});

test.each([
  ["https://203.0.113.7:3567", "203.0.113.7 is an address"],
  ["https://ip-10-0-0-1.ec2.internal:3567", "ip-10-0-0-1.ec2.internal is an instance's name"],
  ["https://core-1.example.com:3567", "core-1.example.com is one core's"],
  ["https://other.example.com:3567", "other.example.com leads elsewhere: nowhere"],
])("the connectionUri %s is not the load balancer's", async (uri, actual) => {
  const cores = [core(1, { url: "https://core-1.example.com:3567" })];
  const found = await connectionUri.check(contextOf({ deployment: { connectionUri: uri, cores } }));
  expect(found).toMatchObject({ outcome: "fail", actual });
});

describe("cores per instance", () => {
  test("a production deployment may have two cores on an instance of its own, and not a third", async () => {
    const on = (count: number) => Array.from({ length: count }, (_, index) => core(index, { instance: "i-1" }));
    expect(await coresPerInstance.check(contextOf({ deployment: { cores: on(2) } }))).toMatchObject({
      outcome: "pass",
    });
    expect(await coresPerInstance.check(contextOf({ deployment: { cores: on(3) } }))).toMatchObject({
      outcome: "fail",
    });
  });
  test("development cores of all deployments count together", async () => {
    const on = (count: number) => Array.from({ length: count }, (_, index) => core(index, { instance: "i-1" }));
    const others = [deployment({ id: "other", kind: "development", cores: on(4) })];
    const check = (count: number) =>
      coresPerInstance.check(contextOf({ deployment: { kind: "development", cores: on(count) }, others }));
    expect(await check(3)).toMatchObject({ outcome: "pass" });
    expect(await check(4)).toMatchObject({ outcome: "fail", actual: "i-1: 4 of it, 8 in all" });
  });
});

test("pools of all deployments of one database count against its connections; 0 is no limit", async () => {
  const others = [
    deployment({ id: "other", cores: [core(3), core(4)] }),
    deployment({ id: "elsewhere", database: "b" }),
  ];
  const check = (maxConnections: number) => connectionBudget.check(contextOf({ others, maxConnections }));
  expect(await check(50)).toMatchObject({ outcome: "pass", actual: "40 wanted by 2 deployments, of 50 (80%)" });
  expect(await check(49)).toMatchObject({ outcome: "fail" });
  expect(await check(0)).toMatchObject({ outcome: "pass" });
});

test("a check that was not seen for a quarter of an hour does not run", async () => {
  const keys = ["core:acme-production/c1:hello", "core:acme-production/c2:hello", "database:main:postgres"];
  const balancer = ["load-balancer:acme-production:load-balancer", "load-balancer:acme-production:target-health"];
  const seen = (ms: number) => new Map([...keys, ...balancer].map((key) => [key, NOW - ms]));
  expect(await checksRunning.check(contextOf({ seen: seen(14 * 60_000) }))).toMatchObject({ outcome: "pass" });
  expect(await checksRunning.check(contextOf({ seen: seen(16 * 60_000) }))).toMatchObject({ outcome: "fail" });
  const one = seen(0);
  one.delete("database:main:postgres");
  expect(await checksRunning.check(contextOf({ seen: one }))).toMatchObject({
    outcome: "fail",
    actual: "not observed: database:main:postgres",
  });
});

describe("CloudFront's origins", () => {
  const check = (origins: readonly string[]) =>
    cloudfrontOrigins.check(
      contextOf({
        deployment: { distribution: "api.example.com" },
        names: { "origin.example.com": ["52.1.2.3"], "stale.example.com": ["52.1.2.3", "52.9.9.9"] },
        cloud: {
          distributions: () =>
            Promise.resolve([
              { id: "E1", domainName: "d1.cloudfront.net", aliases: ["api.example.com"], enabled: true, origins },
            ]),
          ownAddresses: () => Promise.resolve(new Set(["52.1.2.3"])),
        },
      }),
    );
  test("may be an instance's name, a name that leads there, or what AWS keeps right by itself", async () => {
    const right = ["ec2-52-1-2-3.eu-west-1.compute.amazonaws.com", "origin.example.com", LB, "files.s3.amazonaws.com"];
    expect(await check(right)).toMatchObject({ outcome: "pass" });
  });
  test("fail when one of their addresses is somebody else's", async () => {
    expect(await check(["stale.example.com"])).toMatchObject({
      outcome: "fail",
      actual: "stale.example.com is 52.9.9.9, which this account does not have",
    });
    expect(await check(["gone.example.com"])).toMatchObject({ actual: "gone.example.com resolves to nothing" });
  });
});

describe("what the ECS agent is told", () => {
  const draining = (userData: string | undefined) =>
    ecsSpotDraining.check(contextOf({ ecs: { capacityProviders: [provider({ userData })] } }));
  test("counts where it is switched on, and not where that is in a comment or taken back", async () => {
    const on = "#!/bin/bash\necho ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config\n";
    expect(await draining(on)).toMatchObject({ outcome: "pass" });
    expect(await draining("echo \"ECS_ENABLE_SPOT_INSTANCE_DRAINING='true'\" >> x")).toMatchObject({ outcome: "pass" });
    expect(await draining("[settings.ecs]\nenable-spot-instance-draining = true\n")).toMatchObject({ outcome: "pass" });
    expect(await draining("# ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n")).toMatchObject({ outcome: "fail" });
    expect(await draining(`${on}ECS_ENABLE_SPOT_INSTANCE_DRAINING=false\n`)).toMatchObject({ outcome: "fail" });
    expect(await draining(undefined)).toMatchObject({ outcome: "fail" });
  });
  test("is unknown where the user data are compressed", async () => {
    await expect(draining("\u001f\ufffd\b")).rejects.toThrow("the user data of shop are compressed");
  });

  const stop = (stopTimeout: number | undefined, userData?: string) =>
    ecsStopTimeout.check(
      contextOf({
        ecs: {
          capacityProviders: [provider({ userData })],
          taskDefinition: { arn: "web:1", containers: [{ name: "web", ports: [], stopTimeout, logGroup: undefined }] },
        },
      }),
    );
  test("is how long a container may take that says nothing itself", async () => {
    expect(await stop(undefined)).toMatchObject({ outcome: "pass", actual: "web: 30 s" });
    expect(await stop(undefined, "ECS_CONTAINER_STOP_TIMEOUT=10s")).toMatchObject({ actual: "web: 10 s" });
    expect(await stop(undefined, "ECS_CONTAINER_STOP_TIMEOUT=1m59s")).toMatchObject({ outcome: "pass" });
    expect(await stop(undefined, "ECS_CONTAINER_STOP_TIMEOUT=2m")).toMatchObject({ outcome: "fail" });
    expect(await stop(60, "ECS_CONTAINER_STOP_TIMEOUT=5m")).toMatchObject({ outcome: "pass", actual: "web: 60 s" });
    expect(await stop(120)).toMatchObject({ outcome: "fail" });
    await expect(stop(undefined, "\u001f\ufffd")).rejects.toThrow("compressed");
    expect(await stop(60, "\u001f\ufffd")).toMatchObject({ outcome: "pass" });
  });
});

test.each([
  [1, 50, 150, "fail"],
  [1, 0, 100, "fail"],
  [1, 100, 200, "pass"],
  [2, 50, 100, "pass"],
  [2, 100, 100, "fail"],
  [3, 67, 133, "fail"],
  [4, 75, 125, "pass"],
])("%i tasks with a minimum of %i%% and a maximum of %i%%: %s", async (desired, min, max, outcome) => {
  const ecs = { desired, minimumHealthyPercent: min, maximumPercent: max };
  expect(await ecsDeploymentPercents.check(contextOf({ ecs }))).toMatchObject({ outcome });
});

test("all on spot is right with a base of regular instances, and else not", async () => {
  const share = (onDemandBase: number, onDemandPercentAboveBase: number) =>
    spotShare
      .check(contextOf({ ecs: { capacityProviders: [provider({ onDemandBase, onDemandPercentAboveBase })] } }))
      .then(({ outcome }) => outcome);
  expect(await share(0, 0)).toBe("fail");
  expect(await share(1, 0)).toBe("pass");
  expect(await share(0, 50)).toBe("pass");
});
