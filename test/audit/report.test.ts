import { expect, test } from "vitest";
import { renderHtml } from "../../src/audit/report-html.ts";
import { renderMarkdown } from "../../src/audit/report-markdown.ts";
import { renderText } from "../../src/audit/report-text.ts";
import type { AuditResult } from "../../src/audit/run.ts";
import type { AuditFinding } from "../../src/domain/index.ts";
import { NOW } from "./contexts.ts";

const finding = (more: Partial<AuditFinding>): AuditFinding => ({
  rule: "access-logs",
  subject: "acme-production",
  outcome: "pass",
  expected: "on",
  actual: "on",
  fix: "",
  seed: "Enable load balancer access logs",
  ...more,
});

const RESULT: AuditResult = {
  findings: [
    finding({}),
    finding({ rule: "dns-record", outcome: "unknown", actual: "could not be read: AWS is away", fix: "mend it" }),
    finding({
      rule: "deletion-protection",
      outcome: "waived",
      actual: "off",
      fix: "aws elbv2 modify-load-balancer-attributes",
      waiver: { reason: "it moves", until: "2026-12-01T00:00:00.000Z" },
    }),
    finding({
      rule: "load-balancer-tags",
      outcome: "fail",
      actual: '<script>alert("x")</script> | a `tick` \\ *',
      fix: "first call\nsecond ``` call",
      scanner: "some_check",
    }),
  ],
  summary: { pass: 1, fail: 1, unknown: 1, waived: 1 },
};

test("people read first what fails, then what is not known, then what is waived, then what passes", () => {
  const text = renderText(RESULT);
  const order = ["load-balancer-tags", "dns-record", "deletion-protection", "access-logs"].map((rule) =>
    text.indexOf(rule),
  );
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(text).toContain("waived until 2026-12-01T00:00:00.000Z: it moves");
  expect(text).toContain("fix: first call\n                  second ``` call");
  expect(text).toContain("asked by: Enable load balancer access logs (also some_check)");
  expect(text.trimEnd().endsWith("1 passed, 1 failed, 1 unknown, 1 waived")).toBe(true);
});

test("the evidence as HTML holds everything as text, and nothing that runs or is loaded", () => {
  const html = renderHtml(RESULT, "acme & sons", NOW);
  expect(html).toContain("Launch checklist of acme &amp; sons");
  expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  expect(html).not.toMatch(/<script|<img|<link|https?:\/\/|@import|url\(/);
  expect(html).toContain("2026-11-21T12:00:00.000Z: 1 passed, 1 failed, 1 unknown, 1 waived.");
  for (const { rule } of RESULT.findings) expect(html).toContain(rule);
});

test("the evidence as Markdown keeps its table and its blocks whatever stands in them", () => {
  const markdown = renderMarkdown(RESULT, "acme", NOW);
  const row = markdown.split("\n").find((line) => line.includes("| load-balancer-tags |")) ?? "";
  // Seven bars that divide, and the one that was there, escaped.
  expect(row.replaceAll(/\\./g, "").split("|")).toHaveLength(7);
  expect(row).toContain("\\<script\\>");
  expect(markdown).toContain("  ````sh\n  first call\n  second ``` call\n  ````");
  expect(markdown).toContain("| waived (until 2026-12-01T00:00:00.000Z: it moves) | deletion-protection |");
});
