import { dirname, join, resolve } from "node:path";
import { foldRun } from "../../loadtests/record.ts";
import { readFrames } from "../../loadtests/shots.ts";
import { FILES, printCertificate, VERDICT_EXIT, writeCertificate } from "./certify-files.ts";
import { type CommonOptions, reasonOf } from "./context.ts";
import type { Doors } from "./doors.ts";
import { type ExitCode, EXIT, Problem } from "./exit.ts";

/** Makes certificate and reports from a shots file again: the same ones as when the run ended. */
export async function report(
  shots: string,
  options: CommonOptions & { readonly out?: string },
  doors: Doors,
): Promise<ExitCode> {
  const path = resolve(doors.cwd, shots);
  const dir = options.out === undefined ? dirname(path) : resolve(doors.cwd, options.out);
  if (!doors.exists(path)) throw new Problem(EXIT.usage, `${shots}: there is no such file`);
  const taken = [FILES.certificate, FILES.report, FILES.junit].find((name) => doors.exists(join(dir, name)));
  if (taken !== undefined)
    throw new Problem(EXIT.usage, `${join(dir, taken)} is there already: name another folder with --out`);
  try {
    const record = await foldRun(readFrames(doors.readBytes(path)));
    const certificate = writeCertificate(record, dir, doors);
    printCertificate(certificate, dir, options, doors);
    return VERDICT_EXIT[certificate.verdict];
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(EXIT.usage, `${shots}: ${reasonOf(error)}`, { cause: error });
  }
}
