import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificateIn, criterion, expectVerdict, processesOf } from "./certificates.ts";
import { failing, well } from "./cores.ts";
import { type FleetFile, openStage, type Stage } from "./stage.ts";
import { until } from "./until.ts";

/** Limits that a machine with other work keeps too: what is judged here is the judging. */
const LENIENT = {
  rate: 100,
  arrivalError: 0.5,
  errors: 0.5,
  p99: "30s",
  slow: { over: "30s", share: 0.5 },
  lateness: "30s",
  dispersion: 100,
};

/** Looks twice a second: seldom enough that a busy machine misses none, often enough that a short run has some. */
const LOOKS = { schedule: "*/2 * * * * *", failures: 2, successes: 1, window: 5 };

/** fleet.yaml with one deployment that may be certified with `hello`, and `more` of it. */
async function write(stage: Stage, certify: FleetFile, more: FleetFile = {}): Promise<void> {
  const settings = { allowed: true, scenario: "hello", ...certify };
  await stage.write({
    checks: { hello: LOOKS, "through-load-balancer": LOOKS },
    deployments: [{ ...stage.deployment(), certify: settings, ...more }],
  });
}

const quick = (...more: string[]): string[] => ["certify", "acme", "--plan", "quick", "--out", "out", ...more];

test(
  "what is well passes; all files agree, and can be made again and compared",
  { timeout: 90_000 },
  async (context) => {
    const stage = await openStage(context);
    await write(stage, { thresholds: LENIENT });
    const program = stage.launch(...quick("--duration", "11s", "--seed", "7"));
    const code = await program.ended;
    const out = join(stage.directory, "out");
    const certificate = await certificateIn(out);
    expectVerdict(certificate, code, program);
    // Probes may be missed where the machine has other work, and the certificate says so.
    expect(certificate.criteria.filter(({ id, outcome }) => id !== "probes" && outcome !== "pass")).toEqual([]);
    expect(certificate).toMatchObject({ deployment: "acme", plan: "quick", seed: 7, load: { offered: 1_100 } });
    expect(certificate.caveats.join(" ")).toContain("The load was hello: it says nothing of the database");

    const again = await stage.run("certify", "report", "out/shots", "--out", "again");
    expect(again.code).toBe(code);
    for (const name of ["certificate.json", "report.html", "junit.xml"])
      expect(await readFile(join(stage.directory, "again", name))).toEqual(await readFile(join(out, name)));
    const beside = await stage.run("certify", "report", "out/shots");
    expect([beside.code, beside.stderr]).toEqual([64, expect.stringContaining("is there already")]);

    const same = await stage.run("certify", "compare", "out/certificate.json", "again/certificate.json");
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining("The second is as the first")]);
    const forged = (await readFile(join(out, "certificate.json"), "utf8")).replace('"seed": 7', '"seed": 8');
    await writeFile(join(stage.directory, "forged.json"), forged);
    const refused = await stage.run("certify", "compare", "out/certificate.json", "forged.json");
    expect(refused.code).toBe(64);
    expect(await processesOf(stage.directory)).toEqual([]);
  },
);

test("a generator that stood still certifies nothing, whatever it saw", { timeout: 90_000 }, async (context) => {
  const stage = await openStage(context);
  const { lateness: _lateness, ...thresholds } = LENIENT;
  await write(stage, { thresholds: { ...thresholds, rate: 200 } });
  const program = stage.launch(...quick("--duration", "8s"));
  await program.logged(/stage 2 of 2, sustained began/, 60_000);
  await new Promise((resolve) => void setTimeout(resolve, 1_500));
  program.signal("SIGSTOP");
  await new Promise((resolve) => void setTimeout(resolve, 2_500));
  program.signal("SIGCONT");
  expect(await program.ended).toBe(3);
  const certificate = await certificateIn(join(stage.directory, "out"));
  expectVerdict(certificate, 3, program);
  expect(criterion(certificate, "generator-sustained")).toMatchObject({
    outcome: "invalid",
    measured: expect.stringContaining("it sent late"),
  });
  for (const id of ["rate", "arrivals", "errors", "latency-p99", "slow-answers", "dropped"])
    expect(criterion(certificate, id)).toMatchObject({
      outcome: "invalid",
      measured: expect.stringContaining("the generator was at fault"),
    });
});

test(
  "a Ctrl-C while cores are away brings them back, writes the report, and leaves nothing running",
  { timeout: 90_000 },
  async (context) => {
    const stage = await openStage(context, 3);
    const hooks: string[] = [];
    const operator = createServer((request, response) => {
      const [, id = "", verb = ""] = /^\/(acme-\d)\/(away|back)$/.exec(request.url ?? "") ?? [];
      const core = stage.cores[Number(id.slice(-1)) - 1];
      if (core === undefined || request.headers.authorization !== "Bearer 0perator-pass-81") {
        response.writeHead(403).end();
        return;
      }
      hooks.push(`${verb} ${id}`);
      core.answer = verb === "away" ? failing() : well;
      response.writeHead(200).end("{}");
    });
    const url = `http://127.0.0.1:${await stage.listen(operator)}/{{core}}`;
    stage.env["OPERATOR"] = "0perator-pass-81";
    const headers = { authorization: "Bearer ${env:OPERATOR}" };
    const hook = (verb: string): FleetFile => ({ request: { url: `${url}/${verb}`, headers } });
    await write(stage, { thresholds: LENIENT, survival: { away: hook("away"), back: hook("back") } });
    // What may not be repeated has no closed model: the plan comes to its survival sooner.
    const endpoints = [{ name: "greet", method: "POST", path: "/hello" }];
    await writeFile(join(stage.directory, "load.yaml"), JSON.stringify({ name: "greet", endpoints }));
    const plan = ["--plan", "launch", "--sessions", "0", "--duration", "5s", "--scenario", "load.yaml", "--out", "out"];
    const program = stage.launch("certify", "acme", ...plan);
    await until("both cores to be away", 70_000, () => hooks.length >= 2);
    // A terminal sends its Ctrl-C to everything that runs there.
    for (const pid of await processesOf(stage.directory)) process.kill(pid, "SIGINT");
    program.signal("SIGINT");
    expect(await program.ended).toBe(130);
    expect([hooks.slice(0, 2).sort(), hooks.slice(2).sort()]).toEqual([
      ["away acme-1", "away acme-2"],
      ["back acme-1", "back acme-2"],
    ]);
    expect(stage.cores.every(({ answer }) => answer === well)).toBe(true);
    expect(await processesOf(stage.directory)).toEqual([]);
    const certificate = await certificateIn(join(stage.directory, "out"));
    expect(certificate.verdict).not.toBe("pass");
    expect(certificate.caveats).toContain("The run was interrupted.");
    expect(certificate.stages.at(-1)).toMatchObject({ stage: "survival", cut: "interrupted" });
    expect(criterion(certificate, "survival-recovered").outcome).toBe("invalid");
    expect(await readFile(join(stage.directory, "out", "shots"), "latin1")).not.toContain("0perator-pass-81");
  },
);

test(
  "no load without consent: each refusal has its sentence, and nothing is sent",
  { timeout: 90_000 },
  async (context) => {
    const stage = await openStage(context);
    const stranger = "http://192.0.2.7:3567";
    const cases: [FleetFile, FleetFile, readonly string[], RegExp][] = [
      [{ allowed: false }, {}, ["--yes-i-own-this"], /acme may not be put under load.*set certify\.allowed: true/],
      [
        {},
        { connectionUri: stranger },
        ["--yes-i-own-this"],
        /leads to 192\.0\.2\.7, which the inventory does not know/,
      ],
      [
        { targets: ["192.0.2.0/24"] },
        { connectionUri: stranger },
        [],
        /is a production deployment.*say --yes-i-own-this/,
      ],
    ];
    for (const [certify, more, flags, sentence] of cases) {
      await write(stage, certify, more);
      const { code, stdout, stderr } = await stage.run(...quick("--log-level", "error", ...flags));
      expect([code, stdout, stderr]).toEqual([64, "", expect.stringMatching(sentence)]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    await stage.write();
    const unsaid = await stage.run(...quick());
    expect([unsaid.code, unsaid.stderr]).toEqual([64, expect.stringContaining("certify")]);
    expect(stage.cores.flatMap(({ asked }) => asked)).toEqual([]);
    expect(existsSync(join(stage.directory, "out"))).toBe(false);
  },
);
