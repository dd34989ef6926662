import { createServer } from "node:https";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCertificate } from "../support/certificates.ts";
import { failing, well } from "./cores.ts";
import { allTold, card, cards, openStage, QUICK, type Stage } from "./stage.ts";
import { until } from "./until.ts";

interface Sweep {
  readonly fleet: string;
  readonly observations: readonly {
    readonly target: { readonly kind: string; readonly id: string; readonly deployment: string | null };
    readonly check: string;
    readonly health: string;
    readonly reason: string;
    readonly durationMs: number;
  }[];
  readonly diagnoses: readonly { readonly deployment: string; readonly cause: string }[];
  readonly summary: Record<"up" | "degraded" | "down" | "unknown", number>;
}

const sweep = (stage: Stage, ...args: string[]) => stage.run("sweep", "--config", "fleet.yaml", ...args);
const read = ({ stdout }: { stdout: string }): Sweep => JSON.parse(stdout) as Sweep;
const found = (document: Sweep, id: string, check: string) =>
  document.observations.find((one) => one.target.id === id && one.check === check);

test.concurrent("a sweep of cores that are up exits 0 in every format, and needs no store to tell nobody", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  const json = await sweep(stage, "--format", "json");
  expect(json.code).toBe(0);
  const document = read(json);
  expect(document).toMatchObject({ fleet: "acme", diagnoses: [], summary: { degraded: 0, down: 0, unknown: 0 } });
  expect(found(document, "acme/acme-1", "hello")).toMatchObject({
    target: { kind: "core", id: "acme/acme-1", deployment: "acme" },
    health: "up",
    reason: "ok",
  });
  stage.env["COREWATCH_STORE_URL"] = "postgres://corewatch:nobody@127.0.0.1:9/none";
  const alone = await sweep(stage, "--format", "text", "--no-notify");
  expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining("4 up, 0 degraded, 0 down, 0 unknown")]);
  const junit = await sweep(stage, "--format", "junit", "--no-notify", "--only", "hello");
  expect([junit.code, junit.stdout]).toEqual([
    0,
    expect.stringMatching(/^<\?xml[^]*tests="2" failures="0" errors="0"/),
  ]);
  const storeless = await sweep(stage, "--format", "json");
  expect([storeless.code, storeless.stderr]).toEqual([3, expect.stringMatching(/store is out of reach/)]);
  expect(read(storeless).summary.up).toBe(4);
});

test.concurrent("a sweep of cores of which some are down exits 1, names them and the cause, in every format", async (context) => {
  const stage = await openStage(context, 3);
  await stage.write();
  for (const core of stage.cores.slice(0, 1)) core.answer = failing();
  await stage.cores[1]?.stop();
  const json = await sweep(stage, "--format", "json", "--no-notify");
  expect(json.code).toBe(1);
  const document = read(json);
  expect(document.summary.down).toBe(2);
  expect(found(document, "acme/acme-1", "hello")).toMatchObject({ health: "down" });
  expect(found(document, "acme/acme-2", "hello")).toMatchObject({ health: "down", reason: "connection-refused" });
  expect(found(document, "acme/acme-3", "hello")).toMatchObject({ health: "up" });
  expect(document.diagnoses).toMatchObject([{ deployment: "acme", cause: "one-core-left" }]);
  const text = await sweep(stage, "--no-notify", "--no-color");
  expect([text.code, text.stdout]).toEqual([
    1,
    expect.stringMatching(/down +acme\/acme-2 +hello[^]*Only one core is left/),
  ]);
  const junit = await sweep(stage, "--format", "junit", "--no-notify", "--only", "hello");
  expect([junit.code, junit.stdout]).toEqual([1, expect.stringMatching(/tests="3" failures="2"/)]);
  const probe = await stage.run("probe", "acme/acme-2", "hello", "--format", "json", "--config", "fleet.yaml");
  expect([probe.code, JSON.parse(probe.stdout)]).toEqual([
    1,
    expect.objectContaining({ health: "down", phases: expect.any(Object), log: expect.any(Array) }),
  ]);
});

test.concurrent("cores that lie, ramble, lead in circles or never end are down in time, each with its reason", async (context) => {
  const stage = await openStage(context, 6);
  const [wrong, endless, circle, silent, broken] = stage.cores;
  if (wrong === undefined || endless === undefined || circle === undefined || silent === undefined) {
    throw new Error("there are no cores");
  }
  wrong.answer = (_request, response) => void response.end("It works!");
  endless.answer = (_request, response) => {
    response.writeHead(200);
    const pour = (): void => void response.write(Buffer.alloc(65_536, "x"), () => !response.destroyed && pour());
    pour();
  };
  circle.answer = (_request, response) => void response.writeHead(302, { location: "/hello" }).end();
  silent.answer = () => undefined;
  if (broken !== undefined) broken.answer = (request) => void request.socket.end("HTTP/1.1 banana\r\n\r\n");
  await stage.write({
    checks: { hello: { ...QUICK, timeout: "2s" } },
    endpoints: [{ id: "circle", url: `${circle.url}/` }],
  });
  const began = performance.now();
  const swept = await sweep(stage, "--format", "json", "--no-notify", "--only", "hello", "http");
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(swept.code).toBe(1);
  const document = read(swept);
  const reasons = stage.cores.map((_, index) => found(document, `acme/acme-${index + 1}`, "hello")?.reason);
  expect(reasons).toEqual(["wrong-body", "body-too-large", "unexpected-status", "timeout", "protocol-error", "ok"]);
  expect(found(document, "circle", "http")).toMatchObject({ health: "down", reason: "too-many-redirects" });
  expect(document.summary).toMatchObject({ up: 1, down: 6 });
});

test.concurrent("a certificate that expires soon is degraded: exit 0, and 1 for who asks for that", async (context) => {
  const stage = await openStage(context, 1);
  const server = createServer({ ...(await createCertificate(["localhost", "127.0.0.1"], { days: 3 })) }, well);
  const url = `https://127.0.0.1:${await stage.listen(server)}`;
  await stage.write({
    deployments: [
      {
        ...stage.deployment(),
        connectionUri: url.replace("127.0.0.1", "localhost"),
        tls: { verify: false },
        cores: [{ id: "acme-1", url }],
      },
    ],
  });
  const swept = await sweep(stage, "--format", "json", "--no-notify");
  expect(swept.code).toBe(0);
  expect(found(read(swept), "acme/acme-1", "hello")).toMatchObject({
    health: "degraded",
    reason: "certificate-expires-soon",
  });
  expect(read(swept).diagnoses).toMatchObject([{ cause: "certificate-bad" }]);
  expect((await sweep(stage, "--no-notify", "--fail-on", "degraded")).code).toBe(1);
});

test.concurrent("what cannot be told exits 3; wrong usage 64; a bad configuration 78, with every error at its place", async (context) => {
  const stage = await openStage(context);
  const missing = await stage.run("start");
  expect([missing.code, missing.stderr]).toEqual([78, expect.stringMatching(/no configuration at .*fleet\.yaml/)]);
  expect((await sweep(stage)).code).toBe(78);

  await stage.write({ heartbeats: [{ id: "worker", every: "1m" }] });
  expect((await stage.run("config", "check", "--config", "fleet.yaml")).code).toBe(0);
  const unsure = await sweep(stage, "--format", "json", "--no-notify", "--only", "hello", "heartbeat");
  expect([unsure.code, read(unsure).summary.unknown]).toEqual([3, 1]);
  // What is down weighs more than what cannot be told.
  for (const core of stage.cores) core.answer = failing();
  expect((await sweep(stage, "--no-notify")).code).toBe(1);
  for (const args of [
    ["--only", "nonsense"],
    ["--deployment", "nobody"],
    ["--format", "markdown"],
    ["--fail-on", "rain"],
    ["--unheard-of"],
  ]) {
    const refused = await sweep(stage, "--no-notify", ...args);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([64, "", expect.stringMatching(/\S/)]);
  }
  expect((await stage.run("nonsense")).code).toBe(64);

  await writeFile(
    join(stage.directory, "fleet.yaml"),
    'version: 1\nfleet: acme\ncolour: blue\nslack: { token: "${env:NOT_SET}", channel: "#ops" }\ndeployments:\n  - id: a\n',
  );
  for (const command of [["config", "check"], ["sweep"], ["start"]]) {
    const refused = await stage.run(...command, "--config", "fleet.yaml");
    expect(refused.code).toBe(78);
    const said = refused.stdout + refused.stderr;
    expect(said).toMatch(/fleet\.yaml:3:1: /);
    expect(said).toMatch(/fleet\.yaml:4:\d+: [^\n]*NOT_SET/);
    expect(said).toMatch(/fleet\.yaml:6:\d+: /);
    expect(said).not.toMatch(/\n\s+at /);
  }
});

test.concurrent(
  "while the daemon runs: sweeps share its incidents, an acknowledgement shows in Slack, a second daemon is refused",
  { timeout: 45_000 },
  async (context) => {
    const stage = await openStage(context);
    await stage.write();
    const daemon = await stage.start();
    for (const core of stage.cores.slice(0, 1)) core.answer = failing();
    await card(stage.slack, /Only one core is left[^]*acme-1/);
    const swept = await sweep(stage, "--format", "json");
    expect(swept.code).toBe(1);
    const listed = await stage.run("incidents", "--config", "fleet.yaml", "--format", "json");
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: "INC-1", state: "open", cause: "one-core-left" }]);

    const acknowledged = await stage.run("incidents", "ack", "INC-1", "--by", "Ada", "--config", "fleet.yaml");
    expect([acknowledged.code, acknowledged.stdout]).toEqual([0, "INC-1 acknowledged by Ada\n"]);
    await until("the card to say so", 10_000, () => JSON.stringify(cards(stage.slack)).includes("Ada"));
    await allTold(stage);
    expect(cards(stage.slack)).toHaveLength(1);

    const second = await stage.run("start", "--config", "fleet.yaml", "--listen", "127.0.0.1:0");
    expect(second.code).toBe(64);
    expect(second.stderr).toMatch(new RegExp(`another corewatch \\(pid ${daemon.pid}\\) already watches`));
    expect(daemon.isRunning).toBe(true);
    expect((await daemon.readiness()).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
  },
);
