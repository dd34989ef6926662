import { afterEach } from "vitest";
import type { FallbackRoute, SendResult } from "../../src/domain/index.ts";
import { Delivery, type ChannelState } from "../../src/notify/delivery.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeOutbox } from "../fakes/outbox.ts";
import { Chat } from "./chat.ts";
import { recordingLog, START } from "./support.ts";

const running: Delivery[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((delivery) => delivery.stop()));
});

/** A delivery's surroundings: time, outbox and chat in a test's hand. */
export interface Setup {
  readonly clock: FakeClock;
  readonly outbox: FakeOutbox;
  readonly chat: Chat;
  readonly states: ChannelState[];
  readonly told: { notice: number; text: string }[];
  readonly log: ReturnType<typeof recordingLog>;
  readonly deliver: (over?: { chat?: Chat | null; track?: boolean }) => Delivery;
  fallback: FallbackRoute | undefined;
}

/** Fresh surroundings; `deliver` makes a delivery that is stopped after the test unless it is to die. */
export function setUp(): Setup {
  const clock = new FakeClock(START);
  const outbox = new FakeOutbox();
  const chat = new Chat(() => clock.monotonic());
  const log = recordingLog();
  const told: { notice: number; text: string }[] = [];
  const states: ChannelState[] = [];
  const setup: Setup = {
    clock,
    outbox,
    chat,
    states,
    told,
    log,
    fallback: {
      async send(payload) {
        told.push({ notice: payload.notice, text: payload.text });
        return { ok: true, receipt: `receipt-${payload.notice}` };
      },
    },
    deliver(over = {}) {
      const messenger = over.chat === null ? undefined : (over.chat ?? chat);
      const delivery = new Delivery({
        outbox,
        messengerFor: () => messenger,
        fallback: () => setup.fallback,
        fallbackAfterMs: 120_000,
        clock,
        log,
        redact: (text) => text,
        onState: (state) => states.push(state),
        seed: 7,
      });
      if (over.track !== false) running.push(delivery);
      return delivery;
    },
  };
  return setup;
}

/** Slack's 429 with Retry-After. */
export const limited = (seconds: number): SendResult & { ok: false } => ({
  ok: false,
  kind: "retry",
  error: "rate-limited",
  retryAfterMs: seconds * 1000,
  notTaken: true,
});
/** A failure after which the message may be there. */
export const failing = (error: string): SendResult & { ok: false } => ({ ok: false, kind: "retry", error });
/** A channel that nobody knows. */
export const dead: SendResult & { ok: false } = {
  ok: false,
  kind: "channel-dead",
  error: "channel_not_found",
  notTaken: true,
  detail: "Slack does not know the channel",
};
