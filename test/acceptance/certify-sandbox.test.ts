import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificateIn, contentsOf, criterion, expectVerdict, processesOf } from "./certificates.ts";
import type { Program } from "./program.ts";
import { openStage, type Stage } from "./stage.ts";
import { until } from "./until.ts";

const CERTIFY = ["certify", "sandbox-production", "--plan", "quick", "--rate", "150", "--duration", "7s"];

/** Starts a certification of a sandbox of its own. */
function launch(stage: Stage, fleet: string, ...more: string[]): Program {
  const out = join(stage.directory, "out");
  return stage.launch("sandbox", "exec", "--fleet", fleet, "--", ...CERTIFY, "--out", out, ...more);
}

/** Every secret that the running sandbox was made with. */
async function secretsOf(stage: Stage): Promise<string[]> {
  const text = await until("the sandbox's variables", 30_000, async () => {
    const names = await readdir(join(stage.directory, ".corewatch")).catch(() => []);
    const folder = names.find((name) => name.startsWith("sandbox-exec-"));
    const file = folder && (await readFile(join(stage.directory, ".corewatch", folder, "env"), "utf8").catch(() => ""));
    return file !== "" && file;
  });
  const values = new Map(text.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]));
  const database = values.get("SANDBOX_DATABASE_URL") ?? "";
  const named = [...values].flatMap(([name, value]) => (/TOKEN|_KEY$|PASSWORD/.test(name) ? [value] : []));
  return [...named, database, new URL(database).password];
}

test(
  "a sandbox is certified: exit code, verdict and files agree, nothing secret is in them, and nothing is left",
  { timeout: 90_000 },
  async (context) => {
    const stage = await openStage(context, 1);
    const program = launch(stage, "sandbox");
    const secrets = await secretsOf(stage);
    expect(secrets.length).toBeGreaterThan(5);
    const code = await program.ended;
    const out = join(stage.directory, "out");
    const certificate = await certificateIn(out);
    expectVerdict(certificate, code, program);
    // A lower rate than is to be held proves nothing of the higher one, however well it went.
    expect(certificate.verdict).not.toBe("pass");
    expect(criterion(certificate, "rate").outcome).toBe("invalid");
    expect(certificate.load.offered).toBeGreaterThan(1_000);
    expect(certificate.perCore.map(({ core }) => core)).toEqual(["acme-1", "acme-2", "acme-3"]);
    expect(certificate.perCore.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1, 4);
    expect(await processesOf(stage.directory)).toEqual([]);

    const again = await stage.run("certify", "report", "out/shots", "--out", "again");
    expect(again.code).toBe(code);
    for (const name of ["certificate.json", "report.html", "junit.xml"])
      expect(await readFile(join(stage.directory, "again", name))).toEqual(await readFile(join(out, name)));

    const written = [program.stdout, program.stderr, await contentsOf(out)].join("\n");
    expect(secrets.filter((secret) => secret.length > 3 && written.includes(secret))).toEqual([]);
  },
);

test(
  "a core that is slow fails for its latency, and for nothing that it did right",
  { timeout: 90_000 },
  async (context) => {
    const stage = await openStage(context, 1);
    // A session of a slow core is slowly made: hello needs none.
    const program = launch(stage, "slow-core", "--scenario", "hello");
    const code = await program.ended;
    const certificate = await certificateIn(join(stage.directory, "out"));
    expectVerdict(certificate, code, program);
    const latency = criterion(certificate, "latency-p99");
    // A third of all answers come 800 ms late. On a machine too busy to pace, that is seen and not judged.
    expect(certificate.stages.at(-1)?.response?.p99Ms).toBeGreaterThan(790);
    expect(latency.outcome).toBe(criterion(certificate, "generator-sustained").outcome === "pass" ? "fail" : "invalid");
    const slow = certificate.perCore.map(({ core, response }) => [core, (response?.p50Ms ?? 0) > 790]);
    expect(slow).toEqual([
      ["acme-1", false],
      ["acme-2", true],
      ["acme-3", false],
    ]);
  },
);

test("a fleet whose database is down fails for its errors", { timeout: 90_000 }, async (context) => {
  const stage = await openStage(context, 1);
  const program = launch(stage, "database-down");
  expect(await program.ended).toBe(1);
  const certificate = await certificateIn(join(stage.directory, "out"));
  expectVerdict(certificate, 1, program);
  expect(criterion(certificate, "errors")).toMatchObject({
    outcome: "fail",
    measured: expect.stringMatching(/could not be prepared: \d+ of \d+ requests failed.*HTTP 500/),
  });
  // The load balancer's alarm may have had the time to see it too.
  const others = certificate.criteria.filter(({ id, outcome }) => outcome === "fail" && id !== "errors");
  expect(others.filter(({ id }) => id !== "alarms-quiet")).toEqual([]);
});
