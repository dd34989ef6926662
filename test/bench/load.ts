import { benchFill } from "./load-fill.ts";
import { benchFreezing, benchHighest, benchMemory, benchPacing } from "./load-open.ts";

/** Parts of the bench, in the order of their length. */
const PARTS = {
  pacing: benchPacing,
  freezing: benchFreezing,
  highest: benchHighest,
  fill: benchFill,
  memory: benchMemory,
} as const;

/**
 * The load harness beside its peers: pacing and latency against the server's own log, the highest open-loop rate beside
 * autocannon's (and wrk's, Debian's package of that name, where it is installed), a million sessions beside psql (Debian's
 * postgresql-client), and memory over a long run. COREWATCH_BENCH_PARTS names some of them, with commas.
 */
export async function benchLoad(quick: boolean, say: (line: string) => void): Promise<unknown> {
  const wanted = process.env["COREWATCH_BENCH_PARTS"]?.split(",");
  const figures: Record<string, unknown> = { quick };
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    say(`-- ${name}`);
    figures[name] = await part(quick, say);
  }
  return figures;
}
