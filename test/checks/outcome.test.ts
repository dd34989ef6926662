import { describe, expect, it } from "vitest";
import { certificateTrouble, failureOutcome } from "../../checks/outcome.ts";

const PHASES = { total: 1 };
const NOW = Date.parse("2026-11-21T08:00:00Z");
const DAY = 86_400_000;

describe("a failure of the network", () => {
  it.each([
    ["local-network", "unknown", "prober-network"],
    ["local-resources", "unknown", "prober-overloaded"],
    ["cancelled", "unknown", "cancelled"],
    ["host-unreachable", "down", "host-unreachable"],
    ["dns-failure", "down", "dns-failure"],
    ["tls-handshake-failed", "down", "tls-handshake-failed"],
  ] as const)("%s is %s: %s", (failure, health, reason) => {
    expect(failureOutcome(failure, "what", PHASES)).toEqual({
      health,
      reason,
      detail: "what",
      measures: {},
      phases: PHASES,
    });
  });
});

describe("a certificate", () => {
  const facts = { validFrom: NOW - DAY, validTo: NOW + 30 * DAY, subject: "CN=a", issuer: "CN=b", problem: undefined };

  it("is no trouble until so many days before it expires", () => {
    expect(certificateTrouble(facts, NOW, 21)).toBeUndefined();
    expect(certificateTrouble(facts, NOW + 9 * DAY, 21)?.reason).toBe("certificate-expires-soon");
  });

  it("tells what is wrong with it in one line", () => {
    const trouble = (problem: "expired" | "not-yet-valid" | "untrusted" | "name-mismatch") =>
      certificateTrouble({ ...facts, problem }, NOW, 21);
    expect(trouble("expired")).toMatchObject({
      reason: "certificate-expired",
      detail: expect.stringContaining("2026-12-21"),
    });
    expect(trouble("not-yet-valid")?.reason).toBe("certificate-untrusted");
    expect(trouble("untrusted")?.detail).toContain("tls.ca");
    expect(trouble("name-mismatch")?.reason).toBe("certificate-name-mismatch");
  });
});
