import { stripVTControlCharacters, styleText } from "node:util";
import { STAGE_NAMES } from "../../loadtests/report-words.ts";
import type { Certificate, CriterionOutcome } from "../domain/index.ts";
import { table } from "./text.ts";

const STYLES = { pass: "green", fail: "red", invalid: "yellow" } as const;
/** What needs a reader's eye comes first. */
const ORDER: readonly CriterionOutcome[] = ["fail", "invalid", "pass"];

/** A file that a certification wrote. */
export interface WrittenFile {
  readonly what: string;
  readonly path: string;
}

/** The certificate as a terminal shows it: the verdict, every criterion, what it does not say, and where the files are. */
export function textReport(certificate: Certificate, colors: boolean, files: readonly WrittenFile[] = []): string {
  const mark = (outcome: CriterionOutcome, text: string): string =>
    colors ? styleText(STYLES[outcome], text, { validateStream: false }) : text;
  const bold = (text: string): string => (colors ? styleText("bold", text, { validateStream: false }) : text);
  const { verdict, summary, criteria, caveats } = certificate;
  const rows = [...criteria]
    .sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome))
    .map((one) => [
      mark(one.outcome, one.outcome),
      clean(one.id),
      one.stage === null ? "Whole run" : STAGE_NAMES[one.stage],
      clean(one.target),
      clean(one.measured),
    ]);
  const parts = [
    `${bold(mark(verdict, verdict.toUpperCase()))}  ${clean(certificate.deployment)}, plan ${certificate.plan}\n${clean(summary)}`,
    rows.length === 0
      ? "There are no criteria."
      : table([
          ["", "criterion", "stage", "target", "measured"].map((text) => (text === "" ? text : bold(text))),
          ...rows,
        ]),
  ];
  if (caveats.length > 0) {
    parts.push(`${bold("What this certificate does not say")}\n${caveats.map((one) => `- ${clean(one)}`).join("\n")}`);
  }
  if (files.length > 0) parts.push(table(files.map(({ what, path }) => [what, clean(path)])));
  return `${parts.join("\n\n")}\n`;
}

/** One line without anything that a terminal would act on: much of it comes from outside. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
