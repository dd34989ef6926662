import { createDoors } from "./main-doors.ts";
import { EXIT, type ExitCode } from "./cli/exit.ts";
import { run } from "./cli/program.ts";

let cut: ExitCode | undefined;
// A reader that went away (`| head`) wants no more: the command still ends in order. Anything else is a result not given.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || cut !== undefined) return;
  cut = EXIT.unsure;
  process.stderr.write(`corewatch: the output could not be written: ${error.message}\n`);
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") cut ??= EXIT.unsure;
});

// The whole program: doors to the outside, one command line, one exit code.
const code = await run(process.argv.slice(2), createDoors());
// Kept connections and watchers would hold the process; what it had to say must have left first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code === EXIT.good ? (cut ?? code) : code);

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
