import { describe, expect, it } from "vitest";
import { parseEnvFile } from "../../src/inventory/index.ts";

describe("an env file", () => {
  it("gives values bare, quoted, exported and over several lines", () => {
    const text = [
      "# a comment",
      "",
      "PLAIN=one two   # three",
      "export EXPORTED=yes",
      "  SPACED =  x  ",
      "EMPTY=",
      "URL=postgres://u:p#w@host/db?x=1",
      `SINGLE='$NAME \\n "x" # no comment' # a comment`,
      'DOUBLE="a\\n\\"b\\" \\$c \\x"',
      'LINES="one',
      "two # still",
      'three"',
      "TWICE=1",
      "TWICE=2",
    ].join("\r\n");
    expect(parseEnvFile(text, "env")).toEqual({
      ok: true,
      values: {
        PLAIN: "one two",
        EXPORTED: "yes",
        SPACED: "x",
        EMPTY: "",
        URL: "postgres://u:p#w@host/db?x=1",
        SINGLE: '$NAME \\n "x" # no comment',
        DOUBLE: 'a\n"b" $c \\x',
        LINES: "one\ntwo # still\nthree",
        TWICE: "2",
      },
    });
  });

  it("says every mistake with its place, and never a value", () => {
    const text =
      'GOOD=1\n  no equals hushed\n9X=hushed\nexport BAD-NAME=hushed\nQ="hushed" tail\n=hushed\nOPEN="hushed\n';
    const parsed = parseEnvFile(text, "my.env");
    const errors = parsed.ok ? [] : parsed.errors;
    expect(errors.map((one) => `${one.file}:${one.line}:${one.column} ${one.message}`)).toEqual([
      "my.env:2:3 no = in this line",
      "my.env:3:1 this is not the name of a variable",
      "my.env:4:8 this is not the name of a variable",
      "my.env:5:11 Q: something follows the closing quote",
      "my.env:6:1 this is not the name of a variable",
      "my.env:7:6 OPEN: the quote is not closed",
    ]);
    expect(JSON.stringify(errors)).not.toContain("hushed");
  });

  it("cannot reach what objects inherit", () => {
    const parsed = parseEnvFile("__proto__=x\n", "env");
    expect(parsed.ok && Object.hasOwn(parsed.values, "__proto__")).toBe(true);
    expect(Reflect.get({}, "x")).toBeUndefined();
  });
});
