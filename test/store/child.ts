/* A process of its own for tests that kill one: `node child.ts MODE …`; says what it did on stdout, one line each, and stops at the end of stdin. */
import { ensureEmbedded } from "../../src/store/embedded.ts";
import { lockDaemon } from "../../src/store/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { SERIES, incident, output, state } from "../conformance/store-samples.ts";
import { quiet, storeAt } from "./stores.ts";

const [mode = "", where = "", more = ""] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const asked = new Promise<void>((resolve) => void process.stdin.once("end", resolve).resume());

switch (mode) {
  case "embedded": {
    const embedded = await ensureEmbedded({ dir: where, systemDir: more, log: quiet, clock: systemClock });
    say(embedded.owner ? "owner" : "client");
    await asked;
    await embedded.stop();
    say("stopped");
    break;
  }
  case "lock": {
    await lockDaemon(where);
    say("locked");
    await asked;
    break;
  }
  case "claim": {
    const store = await storeAt(where);
    const claim = await store.outbox.claim();
    say(claim === undefined ? "refused" : "claimed");
    await asked;
    break;
  }
  case "die-deciding": {
    const store = await storeAt(where);
    await store.decide([SERIES], 0, () => {
      process.kill(process.pid, "SIGKILL");
      return output({ states: [state()], incidents: [incident()] });
    });
    break;
  }
  case "count": {
    const store = await storeAt(where);
    for (let round = 0; round < Number(more); round++) {
      await store.decide([SERIES], 0, ({ states }) => {
        const before = states.get(SERIES) ?? state();
        return output({ states: [{ ...before, goods: before.goods + 1 }] });
      });
    }
    await store.close();
    say("counted");
    break;
  }
  default:
    throw new Error(`no such mode: ${mode}`);
}
