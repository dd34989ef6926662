import type { AuditFinding } from "../domain/index.ts";
import type { AuditResult } from "./run.ts";

/** How an outcome is shown in front of a line. */
const MARKS: Readonly<Record<AuditFinding["outcome"], string>> = {
  pass: "ok     ",
  fail: "FAIL   ",
  unknown: "unknown",
  waived: "waived ",
};

/** What people read at the terminal: per subject what is wrong first, with the call that mends it; what passes in a line each. */
export function renderText({ findings, summary }: AuditResult): string {
  const lines: string[] = [];
  for (const [subject, own] of Map.groupBy(findings, (one) => one.subject)) {
    lines.push(subject, "");
    for (const one of inOrder(own)) lines.push(...linesOf(one));
    lines.push("");
  }
  lines.push(summaryLine(summary), "");
  return lines.join("\n");
}

/** `48 passed, 2 failed, 1 unknown, 0 waived` */
export function summaryLine(summary: AuditResult["summary"]): string {
  return `${summary.pass} passed, ${summary.fail} failed, ${summary.unknown} unknown, ${summary.waived} waived`;
}

/** What is wrong first. */
export function inOrder(findings: readonly AuditFinding[]): AuditFinding[] {
  const rank = { fail: 0, unknown: 1, waived: 2, pass: 3 } as const;
  return [...findings].sort((a, b) => rank[a.outcome] - rank[b.outcome]);
}

function linesOf(one: AuditFinding): string[] {
  const head = `  ${MARKS[one.outcome]}  ${one.rule}: ${one.actual}`;
  if (one.outcome === "pass") return [head];
  const waiver =
    one.waiver === undefined ? [] : [`             waived until ${one.waiver.until}: ${one.waiver.reason}`];
  const [first = "", ...more] = one.fix.split("\n");
  return [
    head,
    `             expected ${one.expected}`,
    ...waiver,
    `             fix: ${first}`,
    ...more.map((line) => `                  ${line}`),
    `             asked by: ${one.seed}${one.scanner === undefined ? "" : ` (also ${one.scanner})`}`,
  ];
}
