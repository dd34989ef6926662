import { describe, expect, it } from "vitest";
import { Redactor, Secret } from "../../src/domain/index.ts";
import { createLog, type LogOptions } from "../../src/system/log.ts";

function logTo(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const redactor = new Redactor();
  redactor.add("hunter2-hunter2");
  const log = createLog({
    level: "info",
    format: "text",
    write: (line) => lines.push(line),
    redact: (text) => redactor.redact(text),
    ...options,
  });
  return { log, lines };
}

describe("the log", () => {
  it("is one readable line in the text format", () => {
    const { log, lines } = logTo();
    log.child({ part: "store" }).warn("the store is slow", { ms: 12, who: "a b" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}the store is slow {2}\(part=store ms=12 who="a b"\)\n$/);
  });

  it("shows no stack trace unless the level is debug", () => {
    const quiet = logTo();
    quiet.log.error("it failed", { error: new Error("no route") });
    expect(quiet.lines.join("")).toContain(`error="no route"`);
    expect(quiet.lines.join("")).not.toContain("at ");
    const debug = logTo({ level: "debug" });
    debug.log.error("it failed", { error: new Error("no route") });
    expect(debug.lines.join("")).toContain("    at ");
  });

  it("lets no secret through, in no format and no field", () => {
    for (const format of ["text", "json"] as const) {
      const { log, lines } = logTo({ format });
      log.error("connecting with hunter2-hunter2", {
        error: new Error("postgres://me:s3cret@db/x refused"),
        token: new Secret("other-secret"),
        nested: { deep: ["hunter2-hunter2"] },
      });
      const text = lines.join("");
      expect(text).toContain("[secret]");
      for (const secret of ["hunter2", "s3cret", "other-secret"]) expect(text).not.toContain(secret);
    }
  });

  it("keeps quiet below its level", () => {
    const { log, lines } = logTo({ level: "error" });
    log.warn("nothing to see");
    expect(lines).toEqual([]);
  });
});
