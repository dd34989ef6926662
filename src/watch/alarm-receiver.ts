import { topicName } from "../../alarms/names.ts";
import type { AlarmEvent, Clock, CloudPlace, Fleet, Log } from "../domain/index.ts";

/** A message of SNS, verified to be one. */
export interface VerifiedMessage {
  readonly type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly topicArn: string;
  readonly message: string;
  /** Of confirmations. */
  readonly token: string | undefined;
}

/** What verification said. `refusal` is a closed short name. */
export type Verdict =
  | { readonly ok: true; readonly message: VerifiedMessage; readonly at: number; forget(): void }
  | { readonly ok: false; readonly refusal: string; readonly detail: string };

/** What the receiver needs of the world. */
export interface ReceiverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: () => Fleet;
  readonly verify: (body: string) => Promise<Verdict>;
  /** Confirms a subscription through the API: no address out of a message is ever visited. @throws CloudError */
  readonly confirm: (place: CloudPlace, topicArn: string, token: string, signal: AbortSignal) => Promise<string>;
  /** `undefined`: it is no alarm's message. */
  readonly parse: (message: string) => AlarmEvent | undefined;
  /** Whether it is known yet which accounts are the fleet's. */
  readonly isReady: () => boolean;
  readonly receive: (event: AlarmEvent, publishedAt: number) => Promise<void>;
  /** Aborts when it is stopped. */
  readonly signal: AbortSignal;
}

/** What is answered. SNS tries again after a 5xx only. */
export interface Receipt {
  readonly code: number;
  readonly text: string;
}

/** Anybody may post here: of each kind of refusal one is logged in this time, ms, with the number of those in between. */
const SAY_EVERY_MS = 60_000;
const MEDIUM = "corewatch cannot take it now: send it again";

/** Takes what SNS posts: nothing of a message is believed before it is verified. */
export class AlarmReceiver {
  readonly #options: ReceiverOptions;
  #refused = 0;
  /** By refusal: when one was logged (monotonic ms), and how many were not since. */
  readonly #said = new Map<string, { readonly at: number; unsaid: number }>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Messages refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Never throws. */
  async take(body: string): Promise<Receipt> {
    const { log, isReady } = this.#options;
    if (!isReady()) return { code: 503, text: MEDIUM };
    const verdict = await this.#options.verify(body);
    if (!verdict.ok) return this.#refuse(verdict.refusal, verdict.detail);
    try {
      return await this.#work(verdict.message, verdict.at);
    } catch (error) {
      verdict.forget();
      log.warn("a message of SNS could not be worked off: SNS sends it again", { error });
      return { code: 503, text: MEDIUM };
    }
  }

  #refuse(refusal: string, detail: string): Receipt {
    // A redelivery of what was taken already: nothing is left to do.
    if (refusal === "replayed") return { code: 200, text: "taken before" };
    this.#refused++;
    this.#say(refusal, detail);
    if (refusal === "certificate-unavailable") return { code: 503, text: MEDIUM };
    if (refusal === "too-large") return { code: 413, text: "too large" };
    return refusal === "not-sns" ? { code: 400, text: "not a message of SNS" } : { code: 403, text: "refused" };
  }

  #say(refusal: string, detail: string): void {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    const last = this.#said.get(refusal);
    if (last !== undefined && now - last.at < SAY_EVERY_MS) {
      last.unsaid++;
      return;
    }
    this.#said.set(refusal, { at: now, unsaid: 0 });
    const more =
      last === undefined || last.unsaid === 0 ? "" : `; ${last.unsaid} more since the last line of this kind`;
    log.warn(`a message at the SNS endpoint was refused (${refusal}): ${detail}${more}`);
  }

  async #work({ type, topicArn, message, token }: VerifiedMessage, at: number): Promise<Receipt> {
    const { log, parse, receive, confirm } = this.#options;
    if (type === "SubscriptionConfirmation") {
      const place = placeOf(topicArn, this.#options.fleet());
      if (token === undefined || place === undefined) return { code: 400, text: "nothing to confirm" };
      const arn = await confirm(place, topicArn, token, this.#options.signal);
      log.info(`subscription to ${topicArn} confirmed`, { subscription: arn });
      return { code: 200, text: "confirmed" };
    }
    if (type === "UnsubscribeConfirmation") {
      log.warn(`somebody ended the subscription to ${topicArn}: alarms no longer arrive from it`);
      return { code: 200, text: "noted" };
    }
    const event = parse(message);
    if (event === undefined) log.debug(`a message on ${topicArn} is no alarm's`);
    else await receive(event, at);
    return { code: 200, text: "taken" };
  }
}

/** Whether a topic is one that this fleet's alarms go to; `knows`: whether an account is one of the fleet's. */
export function isFleetTopic(topicArn: string, fleet: Fleet, knows: (account: string) => boolean): boolean {
  const [, , service, region = "", account = "", name = "", ...rest] = topicArn.split(":");
  if (service !== "sns" || rest.length > 0 || !knows(account)) return false;
  if (!(["ELB", "RDS", "Lambda"] as const).some((one) => topicName(fleet.alarms?.topic, region, one) === name))
    return false;
  return placeOf(topicArn, fleet) !== undefined;
}

/** How the topic's account and region are reached; `undefined` when the fleet is not there. */
export function placeOf(arn: string, fleet: Fleet): CloudPlace | undefined {
  const [, , , region = "", account = ""] = arn.split(":");
  const places: CloudPlace[] = [
    ...fleet.deployments.filter((one) => one.loadBalancer !== undefined),
    ...(fleet.alarms?.resources ?? []),
  ].map((one) => ({ region: one.region ?? fleet.region, roleArn: one.roleArn }));
  const here = [...places, { region: fleet.region, roleArn: undefined }].filter(
    (one) => one.region === region || one.region === undefined,
  );
  const found =
    here.find((one) => one.roleArn?.split(":")[4] === account) ?? here.find((one) => one.roleArn === undefined);
  return found === undefined ? undefined : { region, roleArn: found.roleArn };
}
