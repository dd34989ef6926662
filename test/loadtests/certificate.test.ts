import { describe, expect, test } from "vitest";
import { certify } from "../../loadtests/certificate.ts";
import { verifyCertificate } from "../../loadtests/certificate-schema.ts";
import { passingRun, withFigures, withHead, withSight } from "./records.ts";

const launch = passingRun("launch");

describe("a certificate", () => {
  test("is the same for the same record, hash and all", () => {
    expect(certify(passingRun("launch"))).toEqual(certify(launch));
    expect(certify(withHead(launch, { seed: 43 })).hash).not.toBe(certify(launch).hash);
  });

  test.each(["launch", "quick", "soak"] as const)("of plan %s is read again as it was written", (plan) => {
    const certificate = certify(passingRun(plan));
    const json = JSON.stringify(certificate, null, 2);
    expect(verifyCertificate(json)).toEqual(JSON.parse(json));
    // The order of keys and the spaces between them are not what was certified.
    expect(
      verifyCertificate(JSON.stringify(Object.fromEntries(Object.entries(certificate).toReversed()))),
    ).toMatchObject({ plan });
  });

  test("accounts for every arrival", () => {
    const failing = () => ({ lost: 1, "timed-out": 2, dropped: 3, "business-failure": 1 });
    const { load, stages } = certify(withFigures(launch, "sustained", { failing }));
    const { offered, ...outcomes } = load;
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(offered);
    const measured = stages.filter((one) => one.load !== null && one.stage !== "warm-up");
    expect(measured.reduce((sum, one) => sum + (one.load?.offered ?? 0), 0)).toBe(offered);
  });

  test("names each core's share by answers, and by its own counts where answers don't say", () => {
    const named = certify(launch).perCore;
    expect(named.map((one) => one.core)).toEqual(["acme-1", "acme-2", "acme-3", "acme-4"]);
    expect(named.reduce((sum, one) => sum + (one.share ?? 0), 0)).toBeCloseTo(1, 4);
    const minute = Date.parse("2026-11-21T08:01:00Z");
    const coreMinutes = ["acme-1", "acme-2", "acme-3"].map((core, i) => ({ core, minute, requests: 100 * (i + 1) }));
    const counted = certify({ ...withHead(launch, { coreHeader: null }), coreMinutes }).perCore;
    expect(counted[2]).toMatchObject({ answers: null, ownRequests: 300, share: 0.5 });
  });

  test("recommends pools where they were tuned, and nothing where they were not", () => {
    expect(certify(launch).recommendation).toMatchObject({ coresPerInstance: 1 });
    expect(certify(passingRun("quick")).recommendation).toBeNull();
  });

  test("says what failed, with figures, in one sentence", () => {
    const { summary, verdict } = certify(withFigures(launch, "sustained", { p99Ms: 812 }));
    expect(verdict).toBe("fail");
    expect(summary).toMatch(
      /^acme-production fails plan launch: 1 of \d+ criteria is not met: latency-p99 \(p99 812 ms.*asked: p99 at most 500 ms/,
    );
    expect(certify(launch).summary).toMatch(
      /^acme-production passes plan launch: 1,000\/s held for 10 min with p99 40 ms/,
    );
  });

  test("keeps troubles and incidents that nothing explains as caveats", () => {
    const [incident] = launch.observed?.incidents ?? [];
    if (incident === undefined) throw new Error("the passing run has no incident");
    const early = { ...incident, id: "INC-9", openedAt: launch.head.startedAt + 5 };
    const record = withSight(launch, { incidents: [incident, early], troubles: ["CloudWatch was slow"] });
    const caveats = certify(record).caveats.join(" ");
    expect(caveats).toContain("INC-9");
    expect(caveats).not.toContain("INC-1 ");
    expect(caveats).toContain("CloudWatch was slow");
  });
});

describe("a certificate that is read", () => {
  const json = JSON.stringify(certify(launch));
  test.each([
    ["a changed verdict", json.replace('"verdict":"pass"', '"verdict":"fail"'), /was changed after it was made/],
    ["a changed figure", json.replace('"rate":1000', '"rate":10'), /was changed after it was made/],
    ["an added field", json.replace('{"version":1', '{"version":1,"approved":true'), /was changed after it was made/],
    ["another version", json.replace('"version":1', '"version":2'), /no certificate of version 1: version/],
    ["something else", '{"hash":"x"}', /no certificate of version 1/],
    ["no JSON", "<html>", /not JSON/],
  ])("is refused with %s", (_what, text, why) => {
    expect(text).not.toBe(json);
    expect(() => verifyCertificate(text)).toThrow(why);
  });
});
