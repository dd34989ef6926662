import { Secret } from "../../src/domain/index.ts";
import { openCapacityDatabase } from "../../src/load/capacity.ts";
import { systemClock } from "../../src/system/clock.ts";
import { quietLog } from "../fakes/log.ts";

/** Fills and does nothing else: `node load-fill-process.ts URL SESSIONS USERS`. Says in one line of JSON how it went. */
const [url = "", sessions = "0", users = "0"] = process.argv.slice(2);
const database = await openCapacityDatabase(new Secret(url), { clock: systemClock, log: quietLog() });
const begun = performance.now();
const want = () => ({ sessions: Number(sessions), users: Number(users), seed: 1 });
const facts = await database.fill(want(), () => undefined, new AbortController().signal);
const wholeMs = performance.now() - begun;
await database.close();
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const cpuMs = (userCPUTime + systemCPUTime) / 1000;
process.stdout.write(`${JSON.stringify({ ...facts, wholeMs, cpuMs, maxRssMiB: maxRSS / 1024 })}\n`);
