import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderErrors } from "../../src/inventory/index.ts";
import { fixture, load, refused } from "./support.ts";

/** Each file of fixtures/bad ends with the errors that it must give: `#! line:column path: message => hint`. */
function readBad(name: string): { text: string; expected: string[] } {
  const whole = readFileSync(fixture(`bad/${name}`), "utf8");
  const expected = [...whole.matchAll(/^#! (.*)$/gm)].map((match) => match[1] ?? "");
  return { text: whole.replaceAll(/^#! .*\n/gm, ""), expected };
}

const names = readdirSync(fixture("bad")).sort();

describe("a mistake is refused with its exact sentence at its exact place", () => {
  it.each(names)("%s", (name) => {
    const { text, expected } = readBad(name);
    const { errors } = refused(load(text));
    const said = errors.map((one) => `${one.line}:${one.column} ${one.path}: ${one.message} => ${one.hint}`);
    expect(said).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    expect(said.join()).not.toContain("hidden");
  });
});

describe("rendered errors", () => {
  it("read like a compiler's", async () => {
    const { errors } = refused(load(readBad("several-at-once.yaml").text));
    await expect(renderErrors(errors)).toMatchFileSnapshot("../golden/config/several-at-once.txt");
  });

  it("come in the same order whatever order they were found in, and stop at 50", async () => {
    const cores = Array.from({ length: 80 }, (_, at) => `      - { id: "core ${at}", url: "10.0.0.${at}" }`);
    const head =
      "version: 1\nfleet: a\ndeployments:\n  - id: a\n    app: a\n    kind: production\n    connectionUri: https://a.example.com\n    cores:\n";
    const { errors } = refused(load(`${head}${cores.join("\n")}\n`));
    expect(errors).toHaveLength(160);
    const text = renderErrors(errors);
    expect(renderErrors(errors.toReversed())).toBe(text);
    expect(text.trimEnd().split("\n")).toHaveLength(101);
    expect(text).toMatch(/\n110 more\n$/);
  });

  it("of a file of nothing but mistakes are bounded, and say how many are left", () => {
    const heartbeats = Array.from({ length: 5000 }, () => "  - {}");
    const { errors } = refused(load(`version: 1\nfleet: a\nheartbeats:\n${heartbeats.join("\n")}\n`));
    expect(errors).toHaveLength(1001);
    expect(errors.at(-1)?.message).toBe("9000 more are not listed");
  });

  it("are never crowded out by warnings", () => {
    const literal = Array.from({ length: 1500 }, (_, at) => `  - { id: h${at}, every: 5m, token: literal-${at} }`);
    const { errors, warnings } = refused(
      load(`version: 1\nfleet: a\nheartbeats:\n${literal.join("\n")}\n  - { id: h0, every: 5m }\n`),
    );
    expect(errors).toHaveLength(2);
    expect(warnings).toHaveLength(1001);
  });
});
