/** A sandbox with a frozen core, in a process that a test kills. Sends the pids of all its processes. */
import { Client } from "pg";
import type { Log } from "../../src/domain/index.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { systemClock } from "../../src/system/clock.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };

const sandbox = await startSandbox({ dir: process.argv[2] ?? "", cores: 3, clock: systemClock, log });
const client = new Client({ connectionString: sandbox.database.url });
client.on("error", quiet);
await client.connect();
const { rows } = await client.query<{ pid: number }>(
  "select pid from pg_stat_activity where backend_type <> 'client backend'",
);
await client.end();
sandbox.freezeCore("sandbox-production/acme-1");
process.send?.([...sandbox.cores().map((core) => core.pid), ...rows.map((row) => row.pid)]);
process.on("disconnect", () => process.exit(1));
