import { resolve } from "node:path";
import { verifyCertificate } from "../../loadtests/certificate-schema.ts";
import { compareCertificates, type Comparison } from "../../loadtests/compare.ts";
import type { Certificate } from "../domain/index.ts";
import { type CommonOptions, reasonOf } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { table } from "./text.ts";

/** A worse one is bad; what cannot be told, or compared at all, is neither good nor bad. */
const EXITS: Readonly<Record<Comparison["outcome"], ExitCode>> = {
  better: EXIT.good,
  same: EXIT.good,
  worse: EXIT.bad,
  unclear: EXIT.unsure,
  refused: EXIT.unsure,
};

const TITLES: Readonly<Record<Comparison["outcome"], string>> = {
  better: "The second is better than the first.",
  same: "The second is as the first, within what runs differ by anyhow.",
  worse: "The second is worse than the first.",
  unclear: "It cannot be told whether the second is worse.",
  refused: "These are certificates of different things.",
};

/** Says whether the second certificate is worse than the first, beyond chance; of different things only when told to. */
export async function compare(
  first: string,
  second: string,
  options: CommonOptions & { readonly anyway?: boolean },
  doors: Doors,
): Promise<ExitCode> {
  const [before, after] = [readCertificate(first, doors), readCertificate(second, doors)];
  const comparison = compareCertificates(before, after, { anyway: options.anyway === true });
  doors.out(options.format === "json" ? `${JSON.stringify(comparison, null, 2)}\n` : textOf(comparison));
  return EXITS[comparison.outcome];
}

/** @throws Problem 64 for a file that is no certificate, or was changed after it was made */
function readCertificate(file: string, doors: Doors): Certificate {
  let text: string;
  try {
    text = doors.readFile(resolve(doors.cwd, file));
  } catch (error) {
    throw new Problem(EXIT.usage, `${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return verifyCertificate(text);
  } catch (error) {
    throw new Problem(EXIT.usage, `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function textOf({ outcome, differences, criteria, figures, how }: Comparison): string {
  const lines = [TITLES[outcome], ...differences, ""];
  const changed = criteria.filter((one) => one.before !== one.after || one.change !== "same");
  if (changed.length > 0)
    lines.push(table(changed.map((one) => [one.change, one.id, `${one.before} → ${one.after}`])), "");
  if (figures.length > 0) lines.push(table(figures.map((one) => [one.change, one.stage, one.figure, one.text])), "");
  lines.push(outcome === "refused" ? "Compare them all the same with --anyway." : how);
  return `${lines.join("\n").trimEnd()}\n`;
}
