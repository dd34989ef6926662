import {
  CloudError,
  type Clock,
  type CloudCall,
  type CloudFailure,
  type CloudOperation,
  type CloudPlace,
} from "../domain/index.ts";
import { AwsClients, type AwsOverrides, type ClientConfig } from "./clients.ts";

/** Keeps the rates of the APIs: every single request goes through it, each page on its own. */
export interface AuditPacer {
  /** Waits for the rate, and repeats what was throttled or did not get through. @throws CloudError */
  send<T>(place: CloudPlace, operation: CloudOperation, request: () => Promise<T>): Promise<T>;
}

/** What every reader of the audit works with. */
export interface AuditReach {
  readonly clock: Clock;
  /** A call for requests to one place, as they are paced. */
  callTo(place: CloudPlace): CloudCall;
  /** Clients of one service; `make` loads its SDK at the first use. They try once: who paces the calls repeats them. */
  clients<Client>(make: (config: ClientConfig) => Promise<Client>): AwsClients<Client>;
}

/** A page of 1,000 instances takes its time. */
const REQUEST_TIMEOUT_MS = 20_000;

/** Joins pacing, clients and the end of the audit. */
export function auditReach(
  options: { readonly clock: Clock; readonly pacer: AuditPacer; readonly signal: AbortSignal },
  overrides: AwsOverrides,
): AuditReach {
  const { clock, pacer, signal } = options;
  return {
    clock,
    callTo: (place) => ({ signal, send: (operation, request) => pacer.send(place, operation, request) }),
    clients: (make) => new AwsClients(auditOverrides(overrides), make),
  };
}

/** One try of each request. */
export function auditOverrides(overrides: AwsOverrides): AwsOverrides {
  return { requestTimeoutMs: REQUEST_TIMEOUT_MS, ...overrides, maxAttempts: 1 };
}

/** Failures that the next look in the same audit would meet again. */
const LASTING: ReadonlySet<CloudFailure> = new Set(["not-found", "not-authorized"]);

/**
 * Answers by place and question, each asked for once: who asks meanwhile waits for the same answer. What failed in passing
 * is asked again by the next who wants it.
 */
export class Memo<T> {
  readonly #answers = new Map<string, Promise<T>>();

  /** @throws what `work` throws */
  ask(place: CloudPlace, question: string, work: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([place.region, place.roleArn, question]);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = work();
    this.#answers.set(key, answer);
    answer.catch((error: unknown) => {
      if (!(error instanceof CloudError && LASTING.has(error.failure))) this.#answers.delete(key);
    });
    return answer;
  }
}

/** What an answer has to hold: without it, it is no answer. @throws CloudError */
export function told<T>(value: T | undefined, operation: CloudOperation, subject: string): T {
  if (value === undefined) throw new CloudError("failed", `AWS answered ${operation} without the ${subject}`);
  return value;
}

/** Parts of at most `size`, in order. */
export function inParts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

/** AWS's list of tags. */
export function tagsFrom(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}
