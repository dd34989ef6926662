import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Client } from "autocannon";
import { LevelTally } from "./level-tally.ts";

/** One of autocannon's connections, as watched from outside. */
interface Caller {
  socket: Socket | undefined;
  /** When the request under way was sent; `undefined`: none is. */
  sentMs: number | undefined;
  /** The last answer said that its connection ends: what autocannon sends on it all the same is nobody's failure. */
  closing: boolean;
  /** The connection under way could not be made. */
  refused: boolean;
  /** It had an answer at least once. */
  answered: boolean;
  /** Where the request before this one was counted as an error; autocannon says `timeout` after it has sent the next. */
  unanswered: LevelTally | undefined;
}

/**
 * Watches autocannon's clients and keeps the books itself, by their events. autocannon's own are not kept: it stores whole
 * milliseconds, does not notice a connection that ends without an answer (and then measures every later request on it
 * from the wrong moment), and takes any certificate.
 */
export class Callers {
  readonly #now: () => number;
  readonly #expected: string | undefined;
  readonly #distrusted: ((why: string) => void) | undefined;
  readonly #callers: Caller[] = [];
  readonly #sockets = new Set<Socket>();
  #tally: LevelTally;
  #deaf = false;
  #closes = 0;
  #failure = "";
  #lastGood = false;
  #waiting = 0;

  /** `distrusted` is called when a connection's certificate does not hold; `undefined`: certificates are not judged. */
  constructor(options: {
    readonly now: () => number;
    readonly expected: string | undefined;
    readonly distrusted: ((why: string) => void) | undefined;
  }) {
    this.#now = options.now;
    this.#expected = options.expected;
    this.#distrusted = options.distrusted;
    this.#tally = new LevelTally(this.#now());
  }

  get tally(): LevelTally {
    return this.#tally;
  }

  /** Callers that never had an answer: they may still be shaking hands. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Answers that said that their connection ends. */
  get closes(): number {
    return this.#closes;
  }

  /** How the last request without an answer failed, or an empty text. */
  get failure(): string {
    return this.#failure;
  }

  /** Throws away what was counted: the warm-up is over. */
  begin(): void {
    this.#tally = new LevelTally(this.#now());
  }

  /**
   * Counts nothing more. Requests under way since before `sinceMs` had no answer in all the time that was measured: they are
   * counted as timed out, since a caller that hangs would otherwise be left out.
   */
  finish(sinceMs: number): void {
    this.#deaf = true;
    for (const { sentMs } of this.#callers) {
      if (sentMs !== undefined && sentMs < sinceMs) this.#tally.timeout(this.#now() - sentMs);
    }
  }

  /** Destroys every connection that was ever made: autocannon forgets those that ended. */
  destroy(): void {
    for (const socket of this.#sockets) retire(socket);
  }

  /** For autocannon's `verifyBody`, which is asked right after the answer was counted. */
  readonly verify = (body: string): boolean => {
    if (this.#expected === undefined || body.includes(this.#expected)) return true;
    if (!this.#deaf && this.#lastGood) this.#tally.wrong();
    return false;
  };

  /** For autocannon's `setupClient`, which is called before the client connects. */
  watch(client: Client): void {
    const caller: Caller = {
      socket: undefined,
      sentMs: undefined,
      closing: false,
      refused: false,
      answered: false,
      unanswered: undefined,
    };
    this.#callers.push(caller);
    this.#waiting++;
    client.addListener("request", () => this.#sent(caller, socketOf(client)));
    client.addListener("headers", (answer: unknown) => {
      caller.closing = keepsAlive(answer) === false;
      if (caller.closing) this.#closes++;
    });
    client.addListener("response", (status: number) => this.#answered(caller, status));
    client.addListener("connError", (error: NodeJS.ErrnoException) => {
      caller.refused = error.syscall === "connect" || error.syscall === "getaddrinfo";
      if (!this.#deaf) this.#failure = error.message;
    });
    client.addListener("timeout", () => this.#timedOut(caller));
  }

  #answered(caller: Caller, status: number): void {
    const { sentMs } = caller;
    caller.sentMs = undefined;
    if (!caller.answered) {
      caller.answered = true;
      this.#waiting--;
    }
    this.#lastGood = status >= 200 && status <= 299;
    if (!this.#deaf && sentMs !== undefined) this.#tally.answer(status, this.#now() - sentMs);
  }

  #sent(caller: Caller, socket: Socket): void {
    const now = this.#now();
    if (socket !== caller.socket) this.#connected(caller, socket, now);
    caller.sentMs = now;
  }

  /** autocannon made a connection: the first one, or since the request on the old one had no answer. */
  #connected(caller: Caller, socket: Socket, now: number): void {
    const { sentMs } = caller;
    caller.unanswered = undefined;
    if (sentMs !== undefined && !caller.closing && !this.#deaf) {
      this.#tally.error(caller.refused ? undefined : now - sentMs);
      caller.unanswered = this.#tally;
      if (!caller.refused && this.#failure === "") this.#failure = "the connection ended without an answer";
    }
    caller.refused = false;
    caller.closing = false;
    if (caller.socket !== undefined) {
      retire(caller.socket);
      this.#sockets.delete(caller.socket);
    }
    caller.socket = socket;
    this.#sockets.add(socket);
    if (socket instanceof TLSSocket && this.#distrusted !== undefined) {
      socket.once("secureConnect", () => {
        if (socket.authorized) return;
        const why = String(socket.authorizationError);
        retire(socket);
        this.#distrusted?.(why);
      });
    }
  }

  #timedOut(caller: Caller): void {
    const { unanswered } = caller;
    if (unanswered === undefined || this.#deaf) return;
    unanswered.turnIntoTimeout();
    this.#failure = "no answer in time";
    caller.unanswered = undefined;
  }
}

/** Ends a connection for good: one that still speaks would answer for the one that took its place. */
function retire(socket: Socket): void {
  socket.removeAllListeners("data");
  socket.removeAllListeners("end");
  socket.removeAllListeners("error");
  // A socket that is destroyed may still report an error, which nobody needs and which would end the process.
  socket.on("error", () => undefined);
  socket.destroy();
}

/** @throws Error where autocannon no longer keeps its connection there: then nothing can be said of certificates */
function socketOf(client: Client): Socket {
  const socket: unknown = Reflect.get(client, "conn");
  if (socket instanceof Socket) return socket;
  throw new Error("autocannon does not show its connections: this version of it cannot be used");
}

function keepsAlive(answer: unknown): boolean | undefined {
  if (typeof answer !== "object" || answer === null || !("shouldKeepAlive" in answer)) return undefined;
  return answer.shouldKeepAlive === true;
}
