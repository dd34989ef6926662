import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { wait, type Clock } from "../domain/index.ts";

/** One message on its way to an endpoint. */
export interface Posted {
  readonly type: string;
  readonly messageId: string;
  readonly topicArn: string;
  readonly subscriptionArn: string | undefined;
  readonly body: string;
}

/** What became of one try. */
export interface Delivery {
  /** Epoch ms. */
  readonly at: number;
  readonly endpoint: string;
  readonly messageId: string;
  /** HTTP status, or why there is none. */
  readonly outcome: number | string;
}

/** Settings of {@link Poster}. */
export interface PosterOptions {
  readonly clock: Clock;
  /** Authorities that https endpoints on loopback are trusted by. */
  readonly ca?: string;
  /** Between tries; 1 s unless set. */
  readonly retryMs?: number;
}

const TRIES = 4;
const TIMEOUT_MS = 15_000;
const MAX_DELIVERIES = 1_000;
const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** Posts messages to http(s) endpoints, on loopback only: nothing leaves this host. */
export class Poster {
  readonly deliveries: Delivery[] = [];
  readonly #options: PosterOptions;
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  constructor(options: PosterOptions) {
    this.#options = options;
  }

  /** Tries a few times, in the background; later tries only after a 5xx, 429 or no answer. */
  post(endpoint: string, posted: Posted): void {
    const work = this.#deliver(endpoint, posted);
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  /** Calls off what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pending);
  }

  async #deliver(endpoint: string, posted: Posted): Promise<void> {
    for (let turn = 1; turn <= TRIES && !this.#stop.signal.aborted; turn++) {
      const outcome = await this.#try(endpoint, posted);
      this.deliveries.push({ at: this.#options.clock.now(), endpoint, messageId: posted.messageId, outcome });
      if (this.deliveries.length > MAX_DELIVERIES) this.deliveries.shift();
      const retry = typeof outcome === "string" ? outcome !== "not-loopback" : outcome >= 500 || outcome === 429;
      if (!retry) return;
      await wait(this.#options.clock, this.#options.retryMs ?? 1_000, this.#stop.signal);
    }
  }

  #try(endpoint: string, posted: Posted): Promise<number | string> {
    const url = new URL(endpoint);
    if (!LOOPBACK.test(url.hostname)) return Promise.resolve("not-loopback");
    const headers = {
      "content-type": "text/plain; charset=UTF-8",
      "content-length": Buffer.byteLength(posted.body),
      "user-agent": "Amazon Simple Notification Service Agent",
      "x-amz-sns-message-type": posted.type,
      "x-amz-sns-message-id": posted.messageId,
      "x-amz-sns-topic-arn": posted.topicArn,
      ...(posted.subscriptionArn === undefined ? {} : { "x-amz-sns-subscription-arn": posted.subscriptionArn }),
    };
    return new Promise((resolve) => {
      const options = {
        method: "POST",
        headers,
        signal: this.#stop.signal,
        timeout: TIMEOUT_MS,
        agent: false as const,
      };
      const outgoing =
        url.protocol === "https:" ? httpsRequest(url, { ...options, ca: this.#options.ca }) : httpRequest(url, options);
      outgoing.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", (error) => resolve(error.message));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("timed out")));
      outgoing.on("error", (error) => resolve(error.message));
      outgoing.end(posted.body);
    });
  }
}
