import type { AuditFinding } from "../domain/index.ts";
import { inOrder, summaryLine } from "./report-text.ts";
import type { AuditResult } from "./run.ts";

/** The evidence report as Markdown: a table per subject, and the calls that mend what is wrong. `at` is epoch ms. */
export function renderMarkdown({ findings, summary }: AuditResult, fleet: string, at: number): string {
  const lines = [
    `# Launch checklist of ${escaped(fleet)}`,
    "",
    `${new Date(at).toISOString()}: ${summaryLine(summary)}.`,
    "",
  ];
  for (const [subject, own] of Map.groupBy(findings, (one) => one.subject)) {
    lines.push(
      `## ${escaped(subject)}`,
      "",
      "| outcome | rule | expected | actual | asked by |",
      "| --- | --- | --- | --- | --- |",
    );
    for (const one of inOrder(own)) lines.push(row(one));
    lines.push("");
    const wrong = own.filter((one) => one.outcome !== "pass");
    if (wrong.length > 0) {
      lines.push("### What to do", "");
      for (const one of wrong) lines.push(`- **${one.rule}**`, "", ...fenced(one.fix), "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function row(one: AuditFinding): string {
  const waiver = one.waiver === undefined ? "" : ` (until ${one.waiver.until}: ${one.waiver.reason})`;
  const seed = one.scanner === undefined ? one.seed : `${one.seed} (${one.scanner})`;
  return `| ${one.outcome}${escaped(waiver)} | ${one.rule} | ${escaped(one.expected)} | ${escaped(one.actual)} | ${escaped(seed)} |`;
}

/** As a block that no back tick within it can end. */
function fenced(text: string): string[] {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return [`  ${fence}sh`, ...text.split("\n").map((line) => `  ${line}`), `  ${fence}`];
}

function escaped(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, (sign) => `\\${sign}`).replace(/\s*\n\s*/g, " ");
}
