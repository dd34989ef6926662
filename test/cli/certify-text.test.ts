import { describe, expect, it } from "vitest";
import { textReport } from "../../src/cli/certify-text.ts";
import { richCertificate } from "../loadtests/report-certificate.ts";
import { richRecord } from "../loadtests/report-fixture.ts";

describe("the certificate on a terminal", () => {
  const certificate = richCertificate(richRecord());

  it("gives the verdict, the criteria with the failed ones on top, what it does not say, and the files", () => {
    const text = textReport({ ...certificate, criteria: certificate.criteria.slice(-3) }, false, [
      { what: "report", path: "out/report.html" },
    ]);
    expect(text).toBe(`FAIL  acme-production, plan launch
Not ready: 1 of 7 criteria failed. The cores stand in one zone; two are asked for.

         criterion     stage          target                                            measured
fail     spread        Whole run      2 instances, 2 zones                              2 instances, 1 zone
invalid  alarms        Survival       UnHealthyHosts fires and goes back within 10 min  could not be read: access denied
pass     capacity-p99  Full database  ≤ 1.5 × empty                                     1.19 ×

What this certificate does not say
- the sustained stage held 4 min rather than 10 min (--duration)
- CloudWatch's alarms could not be read: access denied.
- bcrypt's cost is not known: the deployment's setting was not given.

report  out/report.html
`);
  });

  it("is coloured only where that is wanted, and has the same words", () => {
    // eslint-disable-next-line no-control-regex -- colour sequences begin with ESC
    const ESCAPE = /\u001b\[\d+m/g;
    expect(textReport(certificate, false)).not.toMatch(ESCAPE);
    expect(textReport(certificate, true)).toMatch(ESCAPE);
    expect(textReport(certificate, true).replace(ESCAPE, "")).toBe(textReport(certificate, false));
  });

  it("lets nothing from outside act on the terminal", () => {
    const text = textReport({ ...certificate, summary: "a\u001b[2Jb\nc", caveats: ["\u009b1A"] }, false);
    // eslint-disable-next-line no-control-regex -- what a terminal acts on
    expect(text).not.toMatch(/[\u001b\u009b]/);
    expect(text.split("\n")[1]).toBe("ab c");
  });
});
