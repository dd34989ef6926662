import type { Doors } from "./doors.ts";
import { EXIT, Problem } from "./exit.ts";

const LONGEST_NAME = 100;

/** Who is at the command line: as `--by` says, else the user. @throws Problem 64 when `--by` is no name */
export function whoIs(options: { readonly by?: string }, doors: Pick<Doors, "env">): string {
  if (options.by !== undefined) return oneLine("--by", options.by, LONGEST_NAME);
  return doors.env["SUDO_USER"] ?? doors.env["USER"] ?? "someone at the command line";
}

/** A text for other people on one line. @throws Problem 64 when it is empty or longer than `longest` characters */
export function oneLine(option: string, text: string, longest: number): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  if (line === "") throw new Problem(EXIT.usage, `${option} is empty`);
  if (line.length <= longest) return line;
  throw new Problem(EXIT.usage, `${option} has ${line.length} characters: at most ${longest} have room in a message`);
}
