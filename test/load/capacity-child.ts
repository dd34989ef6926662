import { Secret } from "../../src/domain/index.ts";
import { openCapacityDatabase } from "../../src/load/capacity.ts";
import { systemClock } from "../../src/system/clock.ts";
import { quietLog } from "../fakes/log.ts";

/** Fills, or cleans, until it is killed: `node capacity-child.ts URL fill|clean SESSIONS USERS`. A line for every chunk. */
const [url = "", what = "", sessions = "0", users = "0"] = process.argv.slice(2);
const database = await openCapacityDatabase(new Secret(url), { clock: systemClock, log: quietLog() });
const tell = (done: number): void => void process.stdout.write(`${done}\n`);
const signal = new AbortController().signal;
const want = () => ({ sessions: Number(sessions), users: Number(users), seed: 7 });
if (what === "fill") await database.fill(want(), tell, signal);
else await database.clean(tell, signal);
