import { dirname, resolve } from "node:path";
import type { CommonOptions } from "./context.ts";
import { codeOf, reasonOf } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { withStore } from "./with-store.ts";

/** A file that cannot be had under the name that was given. */
const FILE_CODES: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EPERM", "EROFS"]);

/** Moves the store between servers, by way of a file. */
export async function moveStore(
  verb: "export" | "import",
  file: string,
  options: CommonOptions,
  doors: Doors,
): Promise<ExitCode> {
  const full = resolve(doors.cwd, file);
  const needed = verb === "export" ? dirname(full) : full;
  if (!doors.exists(needed)) throw new Problem(EXIT.usage, `store ${verb} ${file}: there is no ${needed}`);
  return withStore(options, doors, async (opened) => {
    const moving = verb === "export" ? doors.exportStore(opened, full) : doors.importStore(opened, full);
    const { rows } = await moving.catch((error: unknown) => {
      // What cannot be read comes as the cause of a sentence that says so.
      const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
      if (!FILE_CODES.has(code)) throw error;
      throw new Problem(EXIT.usage, `store ${verb} ${file}: ${reasonOf(error)}`, { cause: error });
    });
    const done = verb === "export" ? `wrote ${rows} rows to ${full}` : `read ${rows} rows from ${full}`;
    doors.out(options.format === "json" ? `${JSON.stringify({ file: full, rows })}\n` : `${done}\n`);
    return EXIT.good;
  });
}

/** Brings the store's schema up to date. */
export async function migrateStore(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  return withStore(options, doors, async ({ store }) => {
    const { from, to } = await store.migrate();
    doors.out(
      options.format === "json" ? `${JSON.stringify({ from, to })}\n` : `the store's schema is at version ${to}\n`,
    );
    return EXIT.good;
  });
}
