import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { expect, onTestFinished, test } from "vitest";
import { CloudPacer } from "../../alarms/rate.ts";
import { bucketOf, rateOf } from "../../alarms/rates.ts";
import { audit } from "../../src/cli/audit.ts";
import type { AuditResult } from "../../src/audit/run.ts";
import type { AuditPacer } from "../../src/aws/audit-reach.ts";
import type { CloudOperation } from "../../src/domain/index.ts";
import { createDoors } from "../../src/main-doors.ts";
import { auditAccount, auditOver, balancer, REGION, ZONES } from "../aws/audit-account.ts";
import { accessLogObjects } from "../../src/sandbox/aws-s3-logs.ts";
import { awsBucket } from "../../src/sandbox/aws-s3-model.ts";
import { emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { launchInstance, settleAccount } from "../../src/sandbox/aws-ec2-life.ts";
import { VirtualClock } from "./virtual-clock.ts";

const COUNT = 1_000;
/** ELBv2 takes 10 Describe calls a second after a burst of 40 (AWS's documentation); the others as alarms/rates.ts quotes them. */
const BALANCERS = { perSecond: 10, burst: 40 };
const MINUTE_MS = 60_000;

const name = (index: number): string => `app-${String(index).padStart(4, "0")}-production`;

/** The account of a fleet of a thousand apps, each with a load balancer of its own. */
function thousand(clock: VirtualClock) {
  const certificateArn = `arn:aws:acm:${REGION}:123456789012:certificate/00000000-0000-4000-8000-000000000000`;
  const loadBalancers = Array.from({ length: COUNT }, (_, index) =>
    balancer(name(index), {
      certificateArn,
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      attributes: {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": name(index),
        "deletion_protection.enabled": "true",
      },
      tags: { app: name(index) },
    }),
  );
  const written = loadBalancers.flatMap(({ arn, attributes }) =>
    accessLogObjects({
      balancerArn: arn,
      prefix: attributes["access_logs.s3.prefix"] ?? "",
      from: clock.now() - 11 * MINUTE_MS,
      until: clock.now(),
      nodes: ["203.0.113.10"],
    }),
  );
  return {
    loadBalancers,
    ec2: emptyEc2(REGION),
    buckets: [
      awsBucket({
        name: "logs",
        region: REGION,
        versioning: "Enabled",
        tags: { VantaOwner: "ops" },
        objects: () => written,
      }),
    ],
    hostedZones: [
      {
        id: "Z1",
        name: "example.com.",
        records: loadBalancers.map((one) => ({
          name: `${one.name}.example.com.`,
          type: "A",
          aliasTo: `dualstack.${one.dnsName}.`,
        })),
      },
    ],
    certificates: [
      {
        arn: certificateArn,
        domainName: "*.example.com",
        alternativeNames: [],
        status: "ISSUED" as const,
        notAfter: clock.now() + 100 * 86_400_000,
      },
    ],
  };
}

function fleetYaml(): string {
  return stringify({
    version: 1,
    fleet: "thousand",
    region: REGION,
    deployments: Array.from({ length: COUNT }, (_, index) => ({
      id: name(index),
      app: `app-${index}`,
      kind: "production",
      connectionUri: `https://${name(index)}.example.com:3567`,
      loadBalancer: name(index),
      cores: ["i-1", "i-2"].map((instance, at) => ({
        id: `core-${at + 1}`,
        url: `https://10.${at}.${Math.floor(index / 250)}.${index % 250}:3567`,
        instance,
        zone: ZONES[at],
      })),
    })),
  });
}

test(
  "a thousand deployments are audited within the rates of AWS, in the time that these allow, with progress",
  { timeout: 120_000 },
  async () => {
    const clock = new VirtualClock();
    const account = await auditAccount(thousand(clock));
    for (const [index, id] of ["i-1", "i-2"].entries())
      launchInstance(account.model, {
        id,
        zone: ZONES[index] ?? "",
        type: "t3.large",
        privateIp: `10.9.0.${index}`,
        at: 0,
      });
    settleAccount(account.model, account.clock.now());
    const sent = new Map<string, { readonly operation: CloudOperation; readonly at: number[] }>();
    const counts: Record<string, number> = {};
    const pacer = new CloudPacer(clock);
    const signal = new AbortController().signal;
    const counted: AuditPacer = {
      send: (_place, operation, request) =>
        pacer.call("own", REGION, signal).send(operation, () => {
          const key = bucketOf("own", REGION, operation);
          const calls = sent.get(key) ?? { operation, at: [] };
          sent.set(key, calls);
          calls.at.push(clock.monotonic());
          counts[operation] = (counts[operation] ?? 0) + 1;
          return clock.during(request);
        }),
    };

    const folder = await mkdtemp(join(tmpdir(), "corewatch-thousand-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, "fleet.yaml");
    await writeFile(config, fleetYaml());
    let out = "";
    let err = "";
    const real = createDoors();
    const code = await audit(
      { config, format: "json", color: false, logLevel: "error" },
      {
        ...real,
        clock,
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        audit: () =>
          Promise.resolve({
            cloud: auditOver(account.aws.url, clock, counted, signal),
            control: { appsWithLoadBalancer: () => Promise.resolve(new Set<string>()) },
            own: {
              certificates: () => Promise.resolve([]),
              observed: () => Promise.resolve(new Map()),
              lastDrill: () => Promise.resolve(undefined),
            },
            database: () => Promise.reject(new Error("there is none")),
            resolve: () => Promise.resolve(["203.0.113.1"]),
            close: () => Promise.resolve(),
          }),
      },
    );
    const tookMs = clock.monotonic();

    // Every deployment was asked everything, and what AWS holds was read of each.
    const { findings, summary }: AuditResult = JSON.parse(out);
    expect(summary.unknown).toBe(0);
    expect(new Set(findings.map(({ subject }) => subject)).size).toBe(COUNT);
    for (const rule of ["target-type", "listener-certificate", "log-objects", "dns-record", "spread-zones"]) {
      const passed = findings.filter((one) => one.rule === rule && one.outcome === "pass").length;
      expect({ rule, passed }).toEqual({ rule, passed: COUNT });
    }
    // Nobody has alarms, certificates or checks there.
    expect(code).toBe(1);

    // At no time more than AWS takes: from any call to any later one there is the burst, and the rate for the time between.
    const most = new Map<CloudOperation, readonly [worst: number, burst: number]>();
    for (const { operation, at } of sent.values()) {
      const { perSecond, burst } = operation.startsWith("elasticloadbalancing:") ? BALANCERS : rateOf(operation);
      let least = Infinity;
      let worst = 0;
      for (const [index, ms] of at.entries()) {
        const beyond = index - (perSecond * ms) / 1000;
        least = Math.min(least, beyond);
        worst = Math.max(worst, beyond - least + 1);
      }
      most.set(operation, [worst, burst]);
    }
    expect([...most].filter(([, [worst, burst]]) => worst > burst + 1e-6)).toEqual([]);
    expect(pacer.throttled).toBe(0);

    // Requests are few where answers can be had in bulk.
    expect(counts).toMatchObject({
      "elasticloadbalancing:DescribeLoadBalancers": 3,
      "elasticloadbalancing:DescribeTargetGroups": 3,
      "elasticloadbalancing:DescribeTags": COUNT / 20,
      "elasticloadbalancing:DescribeLoadBalancerAttributes": COUNT,
      "elasticloadbalancing:DescribeListeners": COUNT,
      "elasticloadbalancing:DescribeListenerCertificates": COUNT,
      "elasticloadbalancing:DescribeTargetHealth": COUNT,
      "acm:DescribeCertificate": 1,
      "ec2:DescribeInstances": 1,
      "ec2:DescribeSecurityGroups": 1,
      "ec2:DescribeAvailabilityZones": 1,
    });
    const elb = Object.entries(counts).reduce(
      (sum, [key, n]) => sum + (key.startsWith("elasticloadbalancing:") ? n : 0),
      0,
    );
    const { perSecond } = rateOf("elasticloadbalancing:DescribeListeners");
    const allowedMs = (elb / perSecond) * 1000;
    // The rest is done meanwhile: the whole takes hardly longer than its load balancers.
    expect(tookMs).toBeGreaterThan(allowedMs * 0.95);
    expect(tookMs).toBeLessThan(allowedMs * 1.1);
    expect(elb).toBe(4_056);
    expect(Math.round(tookMs / MINUTE_MS)).toBe(9);

    // Somebody who waits for nine minutes sees how far it is.
    const said = [...err.matchAll(/^(\d+) of 1000 deployments$/gm)].map(([, done]) => Number(done));
    expect(said.length).toBeGreaterThan(50);
    expect(said).toEqual(said.toSorted((a, b) => a - b));
    expect(said.at(-1)).toBe(COUNT);
  },
);
