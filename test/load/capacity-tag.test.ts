import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passwordShape, writePassword } from "../../src/load/capacity-password.ts";
import { Scatter, makeTag, range, runOf, runPrefix } from "../../src/load/capacity-tag.ts";
import { inhabitedDatabase, never, quiet, want } from "./capacity-support.ts";

describe("ids of a fill", () => {
  it("are scattered, each row to another place", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 1e9 }), (seed, from) => {
        const scatter = new Scatter(seed, 3, "session");
        const seen = new Set<number>();
        for (let index = from; index < from + 500; index++) {
          scatter.set(index);
          expect(scatter.high).toBeLessThan(1_000_000);
          expect(scatter.low).toBeLessThan(1_000_000);
          seen.add(scatter.high * 1_000_000 + scatter.low);
        }
        expect(seen.size).toBe(500);
      }),
      { numRuns: 50 },
    );
  });

  it("lie between the ends of their tag's range, and tell their run", () => {
    const tag = makeTag("corewatch", "public", "blue");
    const { low, high } = range(tag);
    for (const run of [0, 7, 1234, 999_999]) {
      const id = `${runPrefix(tag, run)}123456789012_blue`;
      expect(low <= id && id <= high).toBe(true);
      expect(runOf(tag, id)).toBe(run);
    }
    expect(() => runPrefix(tag, 1_000_000)).toThrow("clean first");
    expect(runOf(tag, crypto.randomUUID())).toBeUndefined();
  });

  it("are of a form that no random UUID has, and differ by tag, app and tenant", () => {
    const prefixes = [
      makeTag("a", "b", "c"),
      makeTag("x", "b", "c"),
      makeTag("a", "x", "c"),
      makeTag("a", "b", "x"),
    ].map(({ prefix }) => prefix);
    expect(new Set(prefixes).size).toBe(4);
    for (const prefix of prefixes) {
      expect(prefix).toMatch(/^c04e3a7c-[0-9a-f]{4}-8$/);
      expect(
        crypto
          .randomUUID()
          .slice(0, 15)
          .replace(/^.{13}/, prefix.slice(0, 13))
          .startsWith(prefix),
      ).toBe(false);
    }
  });

  it("are found again in a collation that sorts in its own way", async () => {
    const database = await inhabitedDatabase();
    try {
      // Danish puts aa behind z, and looks at hyphens last.
      await database.client.query(
        `create collation danish (provider = icu, locale = 'da-u-ka-shifted');
         alter table session_info alter session_handle type varchar(255) collate danish`,
      );
      const capacity = await database.open();
      await capacity.fill(want(3_002, 0), quiet, never);
      expect(await capacity.fill(want(0, 0), quiet, never)).toMatchObject({ resumed: 3_000 });
      expect(await capacity.clean(quiet, never)).toMatchObject({ sessions: 3_000 });
      await capacity.close();
    } finally {
      await database.drop();
    }
  });
});

describe("password hashes of a fill", () => {
  const write = (sample: string | undefined, key: string): string => {
    const shape = passwordShape(sample);
    const buffer = Buffer.from(shape.text);
    writePassword(shape, buffer, 0, key);
    return buffer.toString("latin1");
  };

  it.each([
    ["nothing is there", undefined, /^\$2a\$11\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.COu]$/],
    ["bcrypt of another cost", `$2b$12$${"a".repeat(53)}`, /^\$2b\$12\$[./A-Za-z0-9]{53}$/],
    [
      "argon2",
      "$argon2id$v=19$m=87795,t=1,p=2$BKW5cZNMIPYNzt4SNpaHXA$lGz+mxL2rVvMJRq1ZHb5mcbL6KtUd7SrQjWcZ0XqLoI",
      /^\$argon2id\$v=19\$m=87795,t=1,p=2\$[+/A-Za-z0-9]{21}A\$[+/A-Za-z0-9]{42}I$/,
    ],
    ["hex with a cost", `32768$${"0a".repeat(16)}$${"1b".repeat(32)}`, /^32768\$[0-9a-f]{32}\$[0-9a-f]{64}$/],
    ["something else", "plain", /^\$2a\$11\$/],
  ])("have the form that this database has: %s", (_name, sample, form) => {
    const one = write(sample, "1");
    expect(one).toMatch(form);
    expect(write(sample, "1")).toBe(one);
    expect(write(sample, "2")).not.toBe(one);
    expect(one).not.toBe(sample);
  });
});
