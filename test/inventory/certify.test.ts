import { describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/index.ts";
import { describeInventory } from "../../src/inventory/index.ts";
import { parseShare } from "../../src/inventory/leaves.ts";
import { diffFleets } from "../../src/inventory/diff.ts";
import { CERTIFY_DEFAULTS, GOOD, accepted, load } from "./support.ts";

/** A fleet of one deployment with two cores and `lines`. */
function fleetWith(...lines: string[]): string {
  return `version: 1
fleet: acme
deployments:
  - id: a
    app: a
    kind: production
    connectionUri: https://a.example.com
    loadBalancer: a
    cores: [{ id: a-1, url: "https://10.0.0.1" }, { id: a-2, url: "https://10.0.0.2" }]
${lines.map((line) => `    ${line}\n`).join("")}`;
}

const deploymentOf = (...lines: string[]) => accepted(load(fleetWith(...lines))).fleet.deployments[0];
const warningsOf = (...lines: string[]): string[] =>
  accepted(load(fleetWith(...lines)))
    .warnings.filter((one) => one.severity === "warning")
    .map((one) => `${one.line}:${one.column} ${one.path}: ${one.message}`);

describe("certify", () => {
  const { fleet } = accepted(load(GOOD));
  const [production, beta] = fleet.deployments;

  it("has every threshold as it is written, in milliseconds and shares", () => {
    expect(production?.certify?.thresholds).toEqual({
      rate: 1200,
      heldMs: 300_000,
      arrivalError: 0.01,
      errors: 0.005,
      p99Ms: 300,
      slowOverMs: 1000,
      slowShare: 0.002,
      latenessP99Ms: 4,
      dispersion: 1.5,
      sessions: 2_000_000,
      users: 3_000_000,
      fullToEmpty: 1.4,
      survivalErrors: 0.02,
      survivalSettleMs: 20_000,
      detectionMs: 30_000,
      toSlackMs: 5000,
      recoveryMs: 40_000,
      shareOfEven: 0.6,
      firstShareMs: 360_000,
      instances: 3,
      zones: 4,
      connectionShare: 0.75,
      breakerErrors: 0.5,
      breakerMs: 15_000,
      alarmMs: 900_000,
      drift: 1.3,
      windows: [
        { stage: "sustained", fromMs: 0, toMs: 60_000, errors: undefined, p99Ms: 800 },
        { stage: "survival", fromMs: 30_000, toMs: 120_000, errors: 0.999, p99Ms: undefined },
      ],
    });
  });

  it("takes each threshold that is not written from the defaults, and allows nothing by itself", () => {
    expect(beta?.certify).toEqual({
      allowed: false,
      targets: [],
      scenario: { name: "sign-in", settings: {} },
      coreHeader: undefined,
      thresholds: CERTIFY_DEFAULTS,
      survival: undefined,
      passwordRounds: undefined,
    });
    const partly = deploymentOf("certify: { thresholds: { survival: { settle: 0s }, slow: { share: 0 } } }");
    expect(partly?.certify?.thresholds).toEqual({ ...CERTIFY_DEFAULTS, survivalSettleMs: 0, slowShare: 0 });
    expect(deploymentOf()).not.toHaveProperty("certify");
    expect(deploymentOf()).not.toHaveProperty("scale");
  });

  it("has its hooks with their secrets, and a response header in lower case", () => {
    const { away, back } = production?.certify?.survival ?? {};
    expect(production?.certify?.coreHeader).toBe("x-served-by");
    expect(away).toMatchObject({ kind: "request", method: "POST", url: "{{url}}/shutdown", timeoutMs: 30_000 });
    expect(away?.kind === "request" && away.headers["Authorization"]?.reveal()).toBe("Bearer agentSecret-86");
    const argv = ["/usr/local/bin/start-core", "{{instance}}", "{{core}}"];
    expect(back).toEqual({ kind: "command", argv, timeoutMs: 120_000 });
  });
});

describe("scale", () => {
  it("is the runbook's call, its parameters secrets", () => {
    const { request, remove } = accepted(load(GOOD)).fleet.deployments[0]?.scale ?? {};
    expect(request).toMatchObject({ kind: "request", method: "POST", as: "form", timeoutMs: 60_000 });
    const params = request?.kind === "request" ? request.params : {};
    expect(Object.values(params).every((one) => one instanceof Secret)).toBe(true);
    expect(Object.entries(params).map(([name, value]) => [name, value.reveal()])).toEqual([
      ["password", "scaleSecret-87"],
      ["appId", "{{app}}"],
      ["scaleTo", "{{cores}}"],
      ["deploymentToScale", "{{deployment}}"],
    ]);
    expect(remove).toEqual({ kind: "target-group" });
  });

  it("may be a command of one's own", () => {
    expect(deploymentOf("scale: { command: [add-core, '{{cores}}'] }")?.scale).toEqual({
      request: { kind: "command", argv: ["add-core", "{{cores}}"], timeoutMs: 300_000 },
      remove: undefined,
    });
  });

  it("that changes is a change of the deployment, and its secrets are not shown", () => {
    const call = (password: string): string =>
      fleetWith(`scale: { request: { url: "https://ops.example.com", params: { password: ${password} } } }`);
    const [before, after] = [call("one-secret"), call("another-secret")].map((text) => accepted(load(text)).fleet);
    if (before === undefined || after === undefined) throw new Error("no fleets");
    const changes = diffFleets(before, after);
    expect(changes.map(({ event, target }) => [event, target])).toEqual([["deployment-changed", "a"]]);
    expect(JSON.stringify(changes)).not.toContain("-secret");
  });

  it("is shown without the query of its URL, where a key could stand", () => {
    const described = describeInventory(accepted(load(GOOD)).fleet, 0);
    const said = JSON.stringify(described.deployments[0]);
    expect(said).toContain("https://ops.example.com/0/manual/app/scale/deployment");
    expect(said).not.toContain("trace=1");
  });
});

describe("what works and is probably not meant so", () => {
  const request = (params: string, url = "https://ops.example.com"): string =>
    `scale: { request: { url: "${url}", params: { ${params} } } }`;

  it("a literal password is a warning and goes to the redactor, a plain parameter is neither", () => {
    const text = fleetWith(request('password: hunter-2-hunter, appId: acme, token: "{{app}}"'));
    const { warnings, redact } = accepted(load(text));
    expect(warnings.filter((one) => one.severity === "warning").map((one) => [one.path, one.message])).toEqual([
      ["deployments[0].scale.request.params.password", "a secret stands in the file itself"],
    ]);
    expect(redact).toEqual(["hunter-2-hunter"]);
  });

  it("a secret over plain HTTP is a warning, unless it stays on this machine", () => {
    expect(warningsOf(request("appId: a", "http://ops.example.com/{{app}}"))).toEqual([
      "10:30 deployments[0].scale.request.url: is not encrypted: what it sends can be read on the way",
    ]);
    expect(warningsOf(request("appId: a", "http://127.0.0.1:9000/{{app}}"))).toEqual([]);
  });

  it("survival of a single core is a warning, so that a deployment that shrank is still watched", () => {
    const one = fleetWith("certify: { survival: { away: { targetGroup: true }, back: { targetGroup: true } } }");
    const { warnings } = accepted(load(one.replace(', { id: a-2, url: "https://10.0.0.2" }', "")));
    expect(warnings.map((found) => found.message)).toContain("needs at least two cores: all but one are taken away");
  });

  it("a network of all addresses, and a limit on a stage without judged arrivals, are warnings", () => {
    expect(warningsOf('certify: { targets: ["0.0.0.0/0", "::/0"] }')).toHaveLength(2);
    expect(warningsOf("certify: { thresholds: { windows: [{ stage: warm-up, p99: 1s }] } }")).toEqual([
      "10:49 deployments[0].certify.thresholds.windows[0].stage: has no effect: no arrivals are judged in this stage",
    ]);
  });
});

it.each([
  [0, 0],
  [1, 1],
  ["0.1%", 0.001],
  ["99.9%", 0.999],
  ["100%", 1],
  ["100.1%", undefined],
  ["5", undefined],
  ["-1%", undefined],
  ["%", undefined],
])("the share %s is %s", (written, expected) => {
  expect(parseShare(written)).toBe(expected);
});
