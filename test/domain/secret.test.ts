import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Redactor, Secret } from "../../src/domain/index.ts";

describe("a secret", () => {
  it("shows itself to nobody who does not ask", () => {
    const secret = new Secret("hunter2");
    for (const shown of [String(secret), JSON.stringify({ secret }), inspect(secret)]) {
      expect(shown).toContain("[secret]");
      expect(shown).not.toContain("hunter2");
    }
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("the redactor", () => {
  const redactor = new Redactor();
  redactor.add(`p/w "x"&1`, "abc");

  it("takes configured values out in every form in which they travel", () => {
    const value = `p/w "x"&1`;
    const text = `plain ${value}, encoded ${encodeURIComponent(value)}, json ${JSON.stringify(value)}`;
    expect(redactor.redact(text)).toBe(`plain [secret], encoded [secret], json "[secret]"`);
  });

  it("leaves values that are too short to be told from words", () => {
    expect(redactor.redact("abc")).toBe("abc");
  });

  it.each([
    ["postgres://me:pw@db:5432/x", "postgres://[secret]@db:5432/x"],
    ["jdbc:postgresql://db.internal/x?user=a", "jdbc:[secret]"],
    ["password=hunter2;", "password=[secret];"],
    [`"api-key": "k3y"`, `"api-key": "[secret]"`],
    ["Authorization: Bearer abc.d3f", "Authorization: [secret]"],
    ["xoxb-1234567890-abcdef", "[secret]"],
    ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[secret]"],
  ])("takes out what looks like a secret: %s", (text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it("leaves prose about secrets readable, and does its work twice without harm", () => {
    const prose = "slack.token: environment variable SLACK_BOT_TOKEN is not set";
    expect(redactor.redact(prose)).toBe(prose);
    const once = redactor.redact("token=a1b2c3");
    expect(redactor.redact(once)).toBe(once);
  });
});
