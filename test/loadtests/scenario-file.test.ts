import { describe, expect, it } from "vitest";
import { SCENARIOS, scenarioNamed } from "../../loadtests/index.ts";
import { MAX_SCENARIO_CHARS, parseScenarioFile } from "../../loadtests/scenario-file.ts";

/** What is wrong with a file, as a compiler would print it. */
function errors(text: string): string[] {
  const file = parseScenarioFile(text, "load.yaml");
  if (file.ok) return [];
  return file.errors.map(
    ({ file, line, column, path, message }) => `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`,
  );
}

const GOOD = `name: shop
endpoints:
  - { name: front, path: / }
`;

it("a short file is filled in with defaults", () => {
  const file = parseScenarioFile(GOOD, "load.yaml");
  expect(file.ok && file.settings).toEqual({
    name: "shop",
    endpoints: [
      { name: "front", method: "GET", path: "/", headers: {}, weight: 1, expect: { status: "200-299" }, extract: {} },
    ],
    prepare: [],
    secrets: {},
  });
  expect(
    parseScenarioFile(JSON.stringify({ name: "shop", endpoints: [{ name: "front", path: "/" }] }), "x.json"),
  ).toEqual(file);
});

describe("a bad file is refused at its place:", () => {
  it.each([
    ["", ["load.yaml:1:1: the file is empty"]],
    ["# nothing\n", ["load.yaml:1:1: the file is empty"]],
    ["- 1\n", ["load.yaml:1:1: is not what is expected here"]],
    [
      "name: x\n  bad: [\n",
      [
        "load.yaml:1:7: not valid YAML (block as implicit key)",
        "load.yaml:1:7: not valid YAML (multiline implicit key)",
        "load.yaml:3:1: not valid YAML (bad indent)",
      ],
    ],
    [`${GOOD}---\nname: second\n`, [expect.stringMatching(/^load.yaml:\d:\d: a second document begins here/)]],
    [`${GOOD}name: twice\n`, ["load.yaml:4:1: not valid YAML (duplicate key)"]],
    ["name: shop\nendpoints: &a\n  - *a\n", ["load.yaml:3:5: aliases are not supported"]],
    [`${GOOD}colour: red\n`, ["load.yaml:4:1: colour: there is no such setting"]],
    ["name: shop\n", ["load.yaml:1:1: endpoints: must be a list of requests"]],
    [
      "name: Shop!\nendpoints: []\n",
      [
        "load.yaml:1:7: name: must be a short name of lower-case letters, digits and hyphens",
        "load.yaml:2:12: endpoints: needs at least one request",
      ],
    ],
    [
      "name: shop\nendpoints:\n  - name: a\n    path: front\n",
      ["load.yaml:4:11: endpoints[0].path: must be a path that begins with / and has no spaces"],
    ],
    [
      "name: shop\nendpoints:\n  - { name: a, path: /, weight: -1, method: GRAB, expect: { status: 2xx } }\n",
      [
        "load.yaml:3:33: endpoints[0].weight: must be a number from 0 to 1000000",
        "load.yaml:3:45: endpoints[0].method: must be GET, POST, PUT, DELETE, PATCH or HEAD",
        'load.yaml:3:69: endpoints[0].expect.status: must be a status such as 200, or a range such as "200-299"',
      ],
    ],
    ["name: shop\nendpoints:\n  - { name: a, path: /, weight: 0 }\n", ["load.yaml:3:3: endpoints: every weight is 0"]],
    [
      "name: shop\nendpoints:\n  - { name: a, path: / }\n  - { name: a, path: /b }\n",
      ["load.yaml:4:13: endpoints[1].name: is the name of another endpoint, too"],
    ],
    [
      'name: shop\nendpoints:\n  - { name: a, path: "/{{what}}/{{random.int}}" }\n',
      [
        "load.yaml:3:22: endpoints[0].path: {{what}} is extracted by no request before this one",
        "load.yaml:3:22: endpoints[0].path: {{random.int}} means nothing here: there are {{tag}}, {{random.uuid}}, {{secret.NAME}} and names under extract",
        "load.yaml:3:3: endpoints: no request can be the first: each needs a value from the answer of another",
      ].sort(),
    ],
    [
      "name: shop\nendpoints:\n  - name: a\n    path: /\n    body: x\n    headers: { authorization: Bearer abc, host: b }\n",
      [
        "load.yaml:5:11: endpoints[0].body: a GET request has no body",
        "load.yaml:6:31: endpoints[0].headers.authorization: settings stand in the certificate: put the value under secrets and write {{secret.NAME}}",
        "load.yaml:6:49: endpoints[0].headers.host: this header is set by the transport",
      ],
    ],
    [
      'name: shop\nendpoints:\n  - { name: a, path: /, headers: { x-api-key: "{{secret.key}}" } }\n',
      ["load.yaml:3:47: endpoints[0].headers.x-api-key: {{secret.key}} is not under secrets"],
    ],
    [
      `name: shop\nendpoints:\n${Array.from({ length: 17 }, (_, i) => `  - { name: e${i}, path: / }\n`).join("")}`,
      ["load.yaml:3:3: endpoints: can have at most 16 requests"],
    ],
    [
      "name: shop\nendpoints:\n  - { name: a, path: /, method: POST, body: 5 }\n",
      ["load.yaml:3:45: endpoints[0].body: must be a text, or a map or list that is sent as JSON"],
    ],
    [`name: ${"[".repeat(500)}`, [expect.stringContaining("nested deeper than 32 levels")]],
    [`${GOOD}#${" ".repeat(MAX_SCENARIO_CHARS)}`, [`load.yaml:1:1: the file is over ${MAX_SCENARIO_CHARS} characters`]],
  ])("%j", (text, expected) => {
    expect(errors(text).sort()).toEqual(expected);
  });

  it("a value of the wrong kind is never quoted: it may be a secret", () => {
    const text = "name: shop\nsecrets: { key: [hunter2] }\nendpoints: [{ name: a, path: hunter2, method: hunter2 }]\n";
    expect(errors(text)).toHaveLength(3);
    expect(errors(text).join()).not.toContain("hunter2");
  });

  it("a path full of placeholders is read in no time", () => {
    const began = performance.now();
    errors(`name: shop\nendpoints: [{ name: a, path: "/${"{{tag}}".repeat(280)} " }]\n`);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("settings of a scenario", () => {
  it.each([
    ["hello", { rate: 5 }, "scenario hello: rate: there is no such setting"],
    ["session-verify", { checkDatabase: 2 }, "scenario session-verify: checkDatabase: must be a number from 0 to 1"],
    ["session-verify", { sessions: 1.5 }, "scenario session-verify: sessions: must be a whole number from 1 to 100000"],
    ["session-mix", { mix: { verify: "95" } }, "scenario session-mix: mix.verify: must be a number from 0 to 1000000"],
    ["session-mix", { mix: { verify: 0, refresh: 0, create: 0 } }, "scenario session-mix: mix: needs a part above 0"],
    [
      "session-mix",
      { mix: { revoke: 2 } },
      "scenario session-mix: mix.revoke: must not be more than create, or the sessions run out",
    ],
    ["session-mix", { mix: { sweep: 1 } }, "scenario session-mix: mix.sweep: there is no such setting"],
    ["session-mix", { cdiVersion: "4" }, 'scenario session-mix: cdiVersion: must be a version such as "4.0"'],
    ["sign-in", { rounds: 40 }, "scenario sign-in: rounds: must be a whole number from 4 to 31"],
    ["http", {}, "scenario http: name: must be a short name of lower-case letters, digits and hyphens"],
  ])("of %s that cannot be used name the field: %j", (name, given, message) => {
    expect(() => scenarioNamed(name).settings(given)).toThrow(message);
    expect(() => scenarioNamed(name).start(given, { random: () => 0, thread: 0, threads: 1, tag: "t" })).toThrow(
      message,
    );
  });

  it("that nobody has is refused with those there are", () => {
    expect(() => scenarioNamed("toString")).toThrow(
      'there is no scenario "toString": choose one of hello, session-verify, session-mix, sign-in, http',
    );
  });

  it("say the mix, and the bcrypt rounds as far as they are known", () => {
    expect(SCENARIOS["session-mix"].describe({})[0]).toBe(
      "The mix: 95% verify (10% of these with checkDatabase), 4% refresh, 1% create.",
    );
    expect(SCENARIOS["session-mix"].describe({}).join(" ")).toContain("85.5% of the requests");
    expect(SCENARIOS["sign-in"].describe({}).join(" ")).toContain("bcrypt rounds: unknown");
    expect(SCENARIOS["sign-in"].describe({ rounds: 12 }).join(" ")).toContain("bcrypt rounds: 12");
    expect(SCENARIOS["session-verify"].describe({}).join(" ")).toContain("proves nothing about the database");
    expect(SCENARIOS.hello.describe({}).join(" ")).toContain("nothing about the database beyond 5 requests a second");
  });
});
