import { createHash } from "node:crypto";
import type { Certificate } from "../src/domain/index.ts";
import type { RunRecord } from "./figures.ts";
import { capacitySections } from "./report-capacity.ts";
import { closedSections } from "./report-closed.ts";
import { coreMinutes, coreTable } from "./report-cores.ts";
import { environmentSection, generatorSection, observerSection, scenarioSection } from "./report-facts.ts";
import { markup, Markup } from "./report-html.ts";
import { stageSections, stageTable } from "./report-stages.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { caveatSection, criteriaTable, verdictHeader } from "./report-verdict.ts";

/**
 * The certificate as one HTML file that can be handed on: no script, nothing loaded from anywhere, and a policy in it that
 * forbids both. Everything from outside is escaped; lines, tables and texts are bounded, so that it stays below 2 MB.
 */
export function renderReport(certificate: Certificate, record: RunRecord): string {
  const sections: readonly (readonly [id: string, title: string, body: Markup])[] = [
    ["criteria", "Criteria", criteriaTable(certificate)],
    ["load", "Load over time", markup`${stageTable(certificate)}${stageSections(record)}`],
    ["scenario", "What was sent", scenarioSection(certificate)],
    ["cores", "Cores", markup`${coreMinutes(record)}${coreTable(certificate)}`],
    ["ceiling", "Ceiling and pools", closedSections(certificate)],
    ["capacity", "Capacity", capacitySections(certificate, record)],
    ["observers", "What corewatch saw", observerSection(record)],
    ["generator", "The generator", generatorSection(certificate)],
    ["environment", "Environment", environmentSection(certificate, record)],
  ];
  const style = createHash("sha256").update(REPORT_STYLE).digest("base64");
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${certificate.verdict}: launch certificate of ${certificate.deployment}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
${verdictHeader(certificate, record)}
<main>
${caveatSection(certificate, record)}
<nav aria-label="Contents"><ul>${sections.map(([id, title]) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
${sections.map(
  ([id, title, body]) =>
    markup`<section aria-labelledby="${id}">
      <h2 id="${id}">${title}</h2>
      ${body}
    </section> `,
)}</main>
<footer>Made by corewatch ${certificate.environment.corewatch}. Times are UTC; latency counts from the moment a request was due.</footer>
</body>
</html>
`.text;
}
