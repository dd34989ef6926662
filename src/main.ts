import { createDoors } from "./main-doors.ts";
import { run } from "./cli/program.ts";

// The whole program: doors to the outside, one command line, one exit code.
const code = await run(process.argv.slice(2), createDoors());
// Kept connections and watchers would hold the process; what it had to say must have left first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
