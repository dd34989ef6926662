import type { SlackStep } from "./cli/doors.ts";
import type { Clock, FallbackRoute, Fleet, Log, Messenger, Store } from "./domain/index.ts";
import { Delivery } from "./notify/delivery.ts";

/** What building a way to people needs. */
export interface NotifyWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Base of Slack's Web API where it is not Slack's own: the sandbox, or a recording proxy. */
function apiUrl(env: NotifyWorld["env"]): string | undefined {
  return env["COREWATCH_SLACK_API_URL"];
}

/** Slack of this fleet; `undefined` when it has none. `warm`: load the SDK now, so that the first message does not wait. */
export async function createFleetMessenger(
  fleet: Fleet,
  world: NotifyWorld,
  warm: boolean,
): Promise<Messenger | undefined> {
  if (fleet.slack === undefined) return undefined;
  const { createMessenger } = await import("./slack/messenger.ts");
  const { clock, log, redact, env } = world;
  return createMessenger({ token: fleet.slack.token, apiUrl: apiUrl(env), clock, log, redact, warm });
}

/** The fallback webhook of this fleet; `undefined` when it has none. */
export async function createFleetFallback(fleet: Fleet, world: NotifyWorld): Promise<FallbackRoute | undefined> {
  if (fleet.fallback === undefined) return undefined;
  const { createFallbackRoute } = await import("./webhook/fallback.ts");
  const { clock, log, redact } = world;
  return createFallbackRoute({ webhook: fleet.fallback.webhook, secret: fleet.fallback.secret, clock, log, redact });
}

/** Delivers what waits for up to `ms`: one-shot commands, with or without a daemon beside them. */
export async function drainOutbox(
  fleet: Fleet,
  store: Store,
  world: NotifyWorld,
  ms: number,
): Promise<{ sent: number; waiting: number }> {
  // Most sweeps have nothing to tell: then neither Slack's SDK is loaded nor the claim taken.
  if ((await store.outbox.backlog()).waiting === 0) return { sent: 0, waiting: 0 };
  const messenger = await createFleetMessenger(fleet, world, false);
  const delivery = new Delivery({
    outbox: store.outbox,
    messengerFor: () => messenger,
    fallback: await createFleetFallback(fleet, world),
    fallbackAfterMs: fleet.fallback?.afterMs ?? Number.POSITIVE_INFINITY,
    clock: world.clock,
    log: world.log,
    redact: world.redact,
    onState: (state) => {
      if (state.dead) world.log.error(`Slack channel ${state.channel} takes no messages`, { error: state.error });
    },
  });
  const drained = await delivery.drainFor(ms);
  // The daemon holds the claim and delivers: nothing is left waiting for anybody to act on.
  return { sent: drained.delivered, waiting: drained.claimed ? drained.waiting : 0 };
}

/** Goes the way of every message once. */
export async function slackTrial(fleet: Fleet, channel: string, world: NotifyWorld): Promise<readonly SlackStep[]> {
  if (fleet.slack === undefined) return [];
  const { testSlack } = await import("./slack/trial.ts");
  const { clock, log, redact, env } = world;
  const trial = await testSlack({ token: fleet.slack.token, apiUrl: apiUrl(env), channel, clock, log, redact });
  return trial.steps.map((one) => ({
    step: one.name,
    ok: one.outcome === "pass",
    detail: one.detail,
    needed: one.name !== "scopes" && one.name !== "find",
  }));
}
