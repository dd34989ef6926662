import type { AuditFinding } from "../domain/index.ts";
import { inOrder, summaryLine } from "./report-text.ts";
import type { AuditResult } from "./run.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --page: #ffffff; --soft: #5a6370; --line: #d5dae0; --band: #f4f6f8;
  --good: #17663a; --bad: #a11a1a; --unsure: #7a4d00; --waived: #40526b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --page: #16191d; --soft: #a9b2bd; --line: #3a424b; --band: #1f242a;
  --good: #7fd6a2; --bad: #ff9d9d; --unsure: #f0c36d; --waived: #a9bfdc; } }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
p.when { color: var(--soft); margin: 0 0 1.5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--band); } tbody th { font-weight: 600; }
td { overflow-wrap: anywhere; min-width: 7rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font-size: .8rem; }
.pass { color: var(--good); } .fail { color: var(--bad); font-weight: 600; } .unknown { color: var(--unsure); } .waived { color: var(--waived); }
@media print { body { padding: 0; } .scroll { overflow: visible; } }
`;

/** The evidence report as one file that can be handed on: no script, nothing loaded from elsewhere. `at` is epoch ms. */
export function renderHtml({ findings, summary }: AuditResult, fleet: string, at: number): string {
  const sections = [...Map.groupBy(findings, (one) => one.subject)].map(
    ([subject, own]) => `<section><h2>${text(subject)}</h2>${table(subject, own)}</section>`,
  );
  const title = `Launch checklist of ${text(fleet)}`;
  const csp = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${csp}
<title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1><p class="when">${new Date(at).toISOString()}: ${text(summaryLine(summary))}.</p>
${sections.join("\n")}
</main></body></html>
`;
}

function table(subject: string, findings: readonly AuditFinding[]): string {
  const rows = inOrder(findings).map(
    (one) =>
      `<tr><td class="${one.outcome}">${outcome(one)}</td><th scope="row">${text(one.rule)}</th><td>${text(one.expected)}</td>` +
      `<td>${text(one.actual)}</td><td>${one.fix === "" ? "" : `<pre>${text(one.fix)}</pre>`}</td>` +
      `<td>${text(one.seed)}${one.scanner === undefined ? "" : `<br>${text(one.scanner)}`}</td></tr>`,
  );
  const heads = ["Outcome", "Rule", "Expected", "There", "What to do", "Asked by"];
  return `<div class="scroll" tabindex="0" role="region" aria-label="Findings of ${text(subject)}"><table><caption>${findings.length} rules, what is wrong first</caption>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table></div>`;
}

function outcome(one: AuditFinding): string {
  return one.waiver === undefined
    ? one.outcome
    : `${one.outcome} until ${text(one.waiver.until)}: ${text(one.waiver.reason)}`;
}

function text(raw: string): string {
  return raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
