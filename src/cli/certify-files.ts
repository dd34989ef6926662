import { join } from "node:path";
import { certify } from "../../loadtests/certificate.ts";
import type { RunRecord } from "../../loadtests/figures.ts";
import { renderReport } from "../../loadtests/report.ts";
import type { Certificate } from "../domain/index.ts";
import { textReport } from "./certify-text.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { junit } from "./junit.ts";

/** Files of one certification. */
export const FILES = {
  shots: "shots",
  certificate: "certificate.json",
  report: "report.html",
  junit: "junit.xml",
} as const;

/** Exit code of a verdict: a pass is good, a failure bad, and what could not be told is neither. */
export const VERDICT_EXIT: Readonly<Record<Certificate["verdict"], ExitCode>> = {
  pass: EXIT.good,
  fail: EXIT.bad,
  invalid: EXIT.unsure,
};

/** Makes the certificate of a record, writes all that is made of it into `dir`, and gives it. */
export function writeCertificate(record: RunRecord, dir: string, doors: Pick<Doors, "writeNewFile">): Certificate {
  const certificate = certify(record);
  doors.writeNewFile(join(dir, FILES.certificate), `${JSON.stringify(certificate, null, 2)}\n`);
  doors.writeNewFile(join(dir, FILES.report), renderReport(certificate, record));
  doors.writeNewFile(join(dir, FILES.junit), junitOf(certificate));
  return certificate;
}

/** Prints a certificate as `--format` says. */
export function printCertificate(
  certificate: Certificate,
  dir: string,
  { format, color }: { readonly format: string; readonly color: boolean },
  doors: Pick<Doors, "out" | "err" | "colors">,
): void {
  if (format === "json") doors.out(`${JSON.stringify(certificate, null, 2)}\n`);
  else if (format === "junit") doors.out(junitOf(certificate));
  else doors.out(textReport(certificate, doors.colors && color));
  const where = `${join(dir, FILES.report)} to hand on; ${FILES.certificate}, ${FILES.junit} and ${FILES.shots} beside it\n`;
  if (format === "text") doors.out(where);
  else doors.err(where);
}

/** One test case a criterion; what could not be told is an error. */
function junitOf(certificate: Certificate): string {
  const { deployment, plan, criteria, startedAt } = certificate;
  return junit(
    `corewatch certify ${deployment} (${plan})`,
    startedAt,
    criteria.map((one) => ({
      classname: `certify.${deployment}${one.stage === null ? "" : `.${one.stage}`}`,
      name: one.id,
      seconds: 0,
      outcome: one.outcome === "pass" ? "passed" : one.outcome === "fail" ? "failed" : "error",
      type: one.outcome,
      message: `${one.title}: asked ${one.target}, measured ${one.measured}`,
    })),
  );
}
