import { parseArgs } from "node:util";
import { benchAlarms } from "./alarms.ts";
import { benchLoad } from "./load.ts";
import { benchSweep } from "./sweep.ts";

/** `npm run bench -- NAME [--quick] [--format json]`: figures with their peers in the same run. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, format: { type: "string", default: "json" } },
});
const BENCHES: Readonly<Record<string, (quick: boolean, say: (line: string) => void) => Promise<unknown>>> = {
  sweep: benchSweep,
  alarms: benchAlarms,
  load: benchLoad,
};
const name = positionals[0] ?? "";
const bench = BENCHES[name];
if (bench === undefined) {
  process.stderr.write(`there is no bench "${name}": choose ${Object.keys(BENCHES).join(", ")}\n`);
  process.exitCode = 64;
} else {
  const result = await bench(values.quick, (line) => void process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
