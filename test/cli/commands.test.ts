import { describe, expect, test } from "vitest";
import { Rig, fleetText } from "./support.ts";

describe("--format", () => {
  test.each([
    ["init"],
    ["config", "check"],
    ["config", "schema"],
    ["start"],
    ["store", "migrate"],
    ["slack", "manifest"],
    ["incidents", "unsilence", "x"],
  ])("is checked by %s %s, before anything is done", async (...command) => {
    const rig = new Rig();
    const refused = await rig.run(...command, "--format", "xml");
    expect(refused).toEqual({ code: 64, out: "", err: "--format xml is not available here: choose text, json\n" });
    expect(rig.calls).toEqual([]);
  });

  test("of junit is for what judges", async () => {
    const rig = new Rig();
    expect((await rig.run("sweep", "--no-notify", "--format", "junit")).out).toContain("<testsuites");
    expect((await rig.run("inventory", "--format", "junit")).code).toBe(64);
  });

  test("json has one document on stdout, also where text says little", async () => {
    const rig = new Rig();
    const made = await rig.run("init", "--format", "json", "--config", "new.yaml");
    expect([made.code, JSON.parse(made.out)]).toEqual([0, { file: "/fleets/new.yaml", written: true }]);
    expect(rig.files.get("/fleets/new.yaml")).toMatch(/version: 1/);
    expect(JSON.parse((await rig.run("slack", "manifest", "--format", "json")).out)).toEqual({ name: "corewatch" });
    expect((await rig.run("slack", "manifest")).out).toMatch(/^# scopes/);
  });
});

describe("config check", () => {
  const check = (rig: Rig, ...args: string[]) => rig.run("config", "check", "--format", "json", ...args);

  test("lists errors and warnings as data, and exits 78", async () => {
    const rig = new Rig();
    rig.files.set(
      "/fleets/fleet.yaml",
      'version: 1\nfleet: acme\ncolour: blue\nslack: { token: "xoxb-1-2-literal-secret", channel: "#ops" }\n',
    );
    const checked = await check(rig);
    expect([checked.code, checked.err]).toEqual([78, ""]);
    expect(JSON.parse(checked.out)).toEqual({
      file: "/fleets/fleet.yaml",
      valid: false,
      errors: [
        {
          file: "fleet.yaml",
          line: 3,
          column: 1,
          path: "colour",
          message: expect.stringContaining("unknown key"),
          hint: expect.stringContaining("version"),
        },
      ],
      warnings: expect.arrayContaining([
        expect.objectContaining({ line: 4, path: "slack.token", hint: expect.stringMatching(/env:NAME/) }),
      ]),
    });
    expect(checked.out).not.toContain("literal-secret");
  });

  test("lists the warnings of a good file too, and says so of a file that is not there", async () => {
    const rig = new Rig();
    const good = await check(rig);
    expect([good.code, JSON.parse(good.out)]).toEqual([
      0,
      expect.objectContaining({
        valid: true,
        cores: 2,
        errors: [],
        warnings: expect.arrayContaining([
          expect.objectContaining({ line: 1, column: 1, hint: expect.stringContaining("add slack") }),
        ]),
      }),
    ]);
    const none = await check(rig, "--config", "none.yaml");
    expect([none.code, JSON.parse(none.out)]).toMatchObject([78, { valid: false, errors: [{ line: 1, column: 1 }] }]);
  });

  test("takes an empty COREWATCH_CONFIG for none", async () => {
    const rig = new Rig();
    rig.env["COREWATCH_CONFIG"] = "";
    expect((await rig.run("config", "check")).out).toMatch(/^\/fleets\/fleet\.yaml is valid/);
    rig.env["COREWATCH_CONFIG"] = "other.yaml";
    expect((await rig.run("config", "check")).err).toMatch(/no configuration at \/fleets\/other\.yaml/);
  });
});

test("an inventory shows no query of an endpoint, and keeps none", async () => {
  const rig = new Rig();
  const endpoints = [{ id: "hook", url: "https://hooks.example.com/in?key=a-key-of-theirs#part" }];
  rig.files.set("/fleets/fleet.yaml", fleetText({ endpoints }));
  const shown = await rig.run("inventory", "--format", "json", "--diff");
  expect(JSON.parse(shown.out)).toMatchObject({ endpoints: [{ url: "https://hooks.example.com/in" }] });
  const kept = JSON.stringify(await rig.store.getFact("inventory:acme"));
  expect(kept).toContain("hooks.example.com");
  expect(shown.out + kept).not.toContain("a-key-of-theirs");
});

describe("store", () => {
  test.each([
    ["export", "/nonexist/x", "/nonexist"],
    ["import", "gone.bin", "/fleets/gone.bin"],
  ])("%s names what is not there, before it opens anything", async (verb, file, missing) => {
    const rig = new Rig();
    const refused = await rig.run("store", verb, file);
    expect([refused.code, refused.err]).toEqual([64, `store ${verb} ${file}: there is no ${missing}\n`]);
    expect(rig.calls).toEqual([]);
  });

  test("export into a folder that takes no files is wrong usage", async () => {
    const rig = new Rig();
    const error = Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: "EACCES" });
    rig.doors = { exportStore: () => Promise.reject(error) };
    const refused = await rig.run("store", "export", "x");
    expect([refused.code, refused.err]).toEqual([64, "store export x: permission denied\n"]);
    expect(rig.calls.at(-1)).toBe("store stopped");
  });
});

describe("what is not there yet", () => {
  test.each([["agent"]])("%s says so, also when asked for help", async (name) => {
    for (const args of [[], ["--help"], ["acme", "--rate", "5"]]) {
      const refused = await new Rig().run(name, ...args);
      expect([refused.code, refused.err]).toEqual([64, expect.stringMatching(/is not part of version 1\.2\.3\n$/)]);
    }
  });
});

describe("completion", () => {
  test("is in the help, and is there for bash, zsh and fish", async () => {
    const rig = new Rig();
    expect((await rig.run("--help")).out).toMatch(/completion <shell> +prints the completion script/);
    const refused = await rig.run("completion", "powershell");
    expect([refused.code, refused.err]).toEqual([
      64,
      "there is no completion for powershell: choose bash, zsh, fish\n",
    ]);
    expect((await rig.run("completion")).code).toBe(64);
  });
});
