import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Fleet } from "../../src/domain/index.ts";

export const REGION = "eu-west-1";
export const ACCOUNT = "123456789012";
export const KEYS = { accessKeyId: "AKIDBENCH", secretAccessKey: "secret-of-the-bench" };

/** What an account is told at its start. */
export interface AccountSettings {
  readonly balancers: number;
}

/** What it is asked later. */
export type AccountMessage = { readonly ask: "calls" } | { readonly ask: "fill"; readonly fleet: Fleet };

/** Requests that an account took since it was asked before, by `service:Action`; and when alarms were put, epoch ms. */
export interface AccountCalls {
  readonly calls: Readonly<Record<string, number>>;
  readonly puts: readonly number[];
}

/** Name of the n-th load balancer. */
export function balancerName(index: number): string {
  return `bench-${String(index).padStart(4, "0")}`;
}

/** An AWS account in a process of its own, whose CPU is nobody's figure. */
export class AlarmAccount {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<never>;
  private constructor(child: ChildProcess, gone: Promise<never>, url: string) {
    this.#child = child;
    this.#gone = gone;
    this.url = url;
  }

  static async start(settings: AccountSettings): Promise<AlarmAccount> {
    const child = fork(new URL("./alarm-account-process.ts", import.meta.url), [JSON.stringify(settings)]);
    const gone = once(child, "exit").then(() => Promise.reject(new Error("the account ended")));
    gone.catch(() => undefined);
    const [{ url }] = (await Promise.race([once(child, "message"), gone])) as [{ url: string }];
    return new AlarmAccount(child, gone, url);
  }

  calls(): Promise<AccountCalls> {
    return this.#ask({ ask: "calls" });
  }

  /** Makes a fleet's alarms at once. */
  fill(fleet: Fleet): Promise<AccountCalls> {
    return this.#ask({ ask: "fill", fleet });
  }

  async #ask(message: AccountMessage): Promise<AccountCalls> {
    const told = once(this.#child, "message");
    this.#child.send(message);
    const [answer] = (await Promise.race([told, this.#gone])) as [AccountCalls];
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
