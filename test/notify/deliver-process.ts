/** A process that delivers until it is killed: `node deliver-process.ts STORE_URL SLACK_URL`. */
import { Secret } from "../../src/domain/index.ts";
import { Delivery } from "../../src/notify/delivery.ts";
import { createMessenger } from "../../src/slack/messenger.ts";
import { openStore } from "../../src/store/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { recordingLog } from "./support.ts";

const [url = "", apiUrl = ""] = process.argv.slice(2);
const log = recordingLog();
const redact = (text: string): string => text;
const store = await openStore({ url, fleet: "acme", clock: systemClock, log, redact });
const messenger = createMessenger({ token: new Secret("xoxb-1"), apiUrl, clock: systemClock, log, redact });
await new Delivery({
  outbox: store.outbox,
  messengerFor: () => messenger,
  fallback: undefined,
  fallbackAfterMs: 120_000,
  clock: systemClock,
  log,
  redact,
  onState: () => {},
}).start();
