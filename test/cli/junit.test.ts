import { describe, expect, it } from "vitest";
import { junit } from "../../src/cli/junit.ts";

const at = "2026-11-21T08:00:00.000Z";

describe("the JUnit report", () => {
  it("counts failures and errors apart, and names the reason of each", () => {
    const report = junit("sweep", at, [
      { classname: "hello", name: "acme/acme-1", seconds: 0.0123, outcome: "passed", type: "ok", message: "" },
      {
        classname: "hello",
        name: "acme/acme-2",
        seconds: 1,
        outcome: "failed",
        type: "connection-refused",
        message: "nobody listens",
      },
      {
        classname: "dns",
        name: "acme",
        seconds: 2,
        outcome: "error",
        type: "prober-dns",
        message: "no resolver answers",
      },
    ]);
    expect(report).toContain(`tests="3" failures="1" errors="1" time="3.012"`);
    expect(report).toContain(`<failure type="connection-refused" message="nobody listens"/>`);
    expect(report).toContain(`<error type="prober-dns" message="no resolver answers"/>`);
    expect(report).toContain(`timestamp="${at}"`);
  });

  it("skips what is bad and waived, with the reason", () => {
    const message = "waived until 2027-01-31: moving";
    const one = {
      classname: "audit.acme",
      name: "dns-record",
      seconds: 0,
      outcome: "skipped",
      type: "waived",
      message,
    } as const;
    const report = junit("audit", at, [one]);
    expect(report).toContain(`tests="1" failures="0" errors="0" skipped="1"`);
    expect(report).toContain(`<skipped message="${message}"/>`);
  });

  it("cannot be broken by what a target says", () => {
    const report = junit(`a"b`, at, [
      {
        classname: "hello",
        name: "x<y>",
        seconds: 0,
        outcome: "failed",
        type: "wrong-body",
        message: `"]]>&\u0000\n</x>`,
      },
    ]);
    expect(report).toContain(`name="a&quot;b"`);
    expect(report).toContain(`name="x&lt;y&gt;"`);
    expect(report).toContain(`message="&quot;]]&gt;&amp;&#10;&lt;/x&gt;"`);
    expect(report).not.toContain("\u0000");
  });
});
