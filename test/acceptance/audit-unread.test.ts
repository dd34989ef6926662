import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuditResult } from "../../src/audit/run.ts";
import type { AuditFinding, Log } from "../../src/domain/index.ts";
import { createDoors } from "../../src/main-doors.ts";
import { rememberFleet } from "../../src/main-sandbox-history.ts";
import type { AwsTrouble } from "../../src/sandbox/aws-server.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/system/clock.ts";
import { Program } from "./program.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };

let folder: string;
let sandbox: Sandbox;
let forget: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corewatch-audit-"));
  sandbox = await startSandbox({
    dir: join(folder, "sandbox"),
    cores: 4,
    fleet: "supertokens-dedicated",
    passing: true,
    clock: systemClock,
    log,
  });
  const doors = { ...createDoors(), log: () => log };
  doors.adoptEnv(sandbox.env);
  forget = await rememberFleet(sandbox, log, doors);
});
afterAll(async () => {
  await forget?.();
  await sandbox?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Audited {
  readonly code: number | null;
  readonly findings: readonly AuditFinding[];
  readonly text: string;
}

async function audit(config = sandbox.configFile): Promise<Audited> {
  const args = ["audit", "--config", config, "--env-file", sandbox.envFile, "--format", "json"];
  const program = new Program(args, { directory: folder, env: {} });
  const code = await program.ended;
  if (!program.stdout.startsWith("{")) throw new Error(`there was no audit: ${program.stderr}`);
  const { findings }: AuditResult = JSON.parse(program.stdout);
  return { code, findings, text: program.stdout };
}

/** Which rules are what. */
function rules({ findings }: Audited, outcome: AuditFinding["outcome"]): string[] {
  return findings.filter((one) => one.outcome === outcome).map(({ subject, rule }) => `${subject} ${rule}`);
}

describe("an audit that AWS does not answer to the end", () => {
  let whole: Audited;
  let calls: number;
  beforeAll(async () => {
    const before = sandbox.aws.calls.length;
    whole = await audit();
    calls = sandbox.aws.calls.length - before;
  });
  afterEach(() => sandbox.aws.setTroubles([]));

  test("is whole otherwise", () => {
    expect(rules(whole, "pass")).toHaveLength(whole.findings.length);
    expect(whole.code).toBe(0);
    expect(calls).toBeGreaterThan(15);
  });

  const troubles: readonly (readonly [string, (calls: number) => AwsTrouble])[] = [
    ["killed before the first answer", () => ({ kind: "down" })],
    ["killed in the middle", (all) => ({ kind: "down", skip: Math.floor(all / 2) })],
    ["killed near the end", (all) => ({ kind: "down", skip: Math.floor(all * 0.8) })],
    ["cut within an answer", (all) => ({ kind: "cut", skip: Math.floor(all / 3) })],
    ["answering by halves", (all) => ({ kind: "truncate", skip: Math.floor(all / 3) })],
    ["denying everything", () => ({ kind: "deny" })],
    ["denying the buckets", () => ({ kind: "deny", service: "s3" })],
    ["denying the names", () => ({ kind: "deny", service: "route53" })],
  ];
  test.each(troubles)("%s: what could not be read is unknown, and nothing passes for it", async (_what, troubleOf) => {
    sandbox.aws.setTroubles([troubleOf(calls)]);
    const found = await audit();
    const unknown = rules(found, "unknown");
    expect(unknown).not.toEqual([]);
    expect(rules(found, "fail")).toEqual([]);
    expect([...unknown, ...rules(found, "pass")].sort()).toEqual(rules(whole, "pass").sort());
    expect(found.code).toBe(3);
    for (const one of found.findings.filter(({ outcome }) => outcome === "unknown")) {
      expect(one.actual).toMatch(/^could not be read: \S/);
      expect(one.fix).toMatch(/permission/);
    }
    const secrets = Object.entries(sandbox.env).filter(([name]) => /SECRET|TOKEN|PASSWORD/.test(name));
    // The store and the database are asked all the same.
    expect(rules(found, "pass")).toEqual(
      expect.arrayContaining(["acme-production checks-running", "acme-production connection-budget"]),
    );
    expect(secrets.filter(([, value]) => found.text.includes(value)).map(([name]) => name)).toEqual([]);
  });

  test("a rule that fails is told beside those that could not be read, and decides the exit code", async () => {
    const [balancer] = sandbox.awsModel.loadBalancers;
    if (balancer !== undefined) balancer.scheme = "internal";
    sandbox.aws.setTroubles([{ kind: "deny", service: "s3" }]);
    try {
      const found = await audit();
      expect(rules(found, "fail")).toEqual(["acme-production load-balancer-scheme"]);
      expect(rules(found, "unknown")).toContain("acme-production log-bucket-encryption");
      expect(found.code).toBe(1);
    } finally {
      if (balancer !== undefined) balancer.scheme = "internet-facing";
    }
  });
});

describe("a waiver", () => {
  const attribute = "deletion_protection.enabled";
  const protect = (value: string): void => {
    const [balancer] = sandbox.awsModel.loadBalancers;
    if (balancer !== undefined) balancer.attributes[attribute] = value;
  };
  beforeEach(() => protect("false"));
  afterEach(() => protect("true"));

  /** The fleet's configuration with a waiver, beside it: the store is the same. */
  async function waiving(rule: string, until: number): Promise<string> {
    const config: { deployments: { audit?: unknown }[] } = parse(await readFile(sandbox.configFile, "utf8"));
    const [production] = config.deployments;
    const waiver = { rule, reason: "it moves to another account", until: new Date(until).toISOString() };
    if (production !== undefined) production.audit = { waive: [waiver] };
    const path = join(sandbox.dir, "waived.yaml");
    await writeFile(path, stringify(config));
    return path;
  }

  test("without one, a rule that fails is 1", async () => {
    const found = await audit();
    expect({ code: found.code, fail: rules(found, "fail") }).toEqual({
      code: 1,
      fail: ["acme-production deletion-protection"],
    });
  });

  test("a rule that fails is waived with its reason and its end, and the exit code is 0", async () => {
    const until = systemClock.now() + 86_400_000;
    const found = await audit(await waiving("deletion-protection", until));
    expect(rules(found, "waived")).toEqual(["acme-production deletion-protection"]);
    const waived = found.findings.find(({ outcome }) => outcome === "waived");
    expect(waived).toMatchObject({
      expected: "on",
      actual: "off",
      waiver: { reason: "it moves to another account", until: new Date(until).toISOString() },
    });
    expect(waived?.fix).toContain("Key=deletion_protection.enabled,Value=true");
    expect(found.code).toBe(0);
  });

  test("a rule whose waiver is over fails again", async () => {
    const found = await audit(await waiving("deletion-protection", systemClock.now() - 1_000));
    expect(rules(found, "fail")).toEqual(["acme-production deletion-protection"]);
    expect(found.code).toBe(1);
  });
});
