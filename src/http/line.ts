import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { CertificateFacts, Clock } from "../domain/index.ts";
import { AnswerReader } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { Fault, faultOf } from "./sockets.ts";
import type { Stop, Timing } from "./sockets.ts";

/** One request, ready to be sent. */
export interface Message {
  readonly method: string;
  /** Request line, headers and body. */
  readonly text: string;
  readonly maxBodyBytes: number;
}

interface Waiting {
  readonly reader: AnswerReader;
  readonly timing: Timing;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
}

function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

/** One open connection that carries one request at a time. It listens to its socket for as long as that lives. */
export class Line {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #peer: string;
  readonly certificate: CertificateFacts | undefined;
  readonly secure: boolean;
  readonly remoteAddress: string | undefined;
  /** Monotonic, ms. */
  readonly openedAt: number;
  /** When the last answer ended, monotonic, ms. */
  usedAt: number;
  #waiting: Waiting | undefined;
  #sentAt = 0;
  #heard = false;
  #open = true;

  constructor(socket: Socket, peer: string, certificate: CertificateFacts | undefined, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#peer = peer;
    this.certificate = certificate;
    this.secure = socket instanceof TLSSocket;
    this.remoteAddress = socket.remoteAddress;
    this.openedAt = clock.monotonic();
    this.usedAt = this.openedAt;
    socket.on("data", (bytes) => this.#onData(bytes));
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error) => this.#fail(faultOf(error, this.#peer, "exchange")));
    socket.on("close", () => this.#onEnd());
  }

  /** `false` once either side closed it. */
  get open(): boolean {
    return this.#open;
  }

  /** The present request got at least one byte back. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Sends one request and reads its answer; the line is closed unless the answer lets it be kept. @throws Fault */
  exchange(message: Message, stop: Stop, timing: Timing): Promise<Answer> {
    stop.stage = "exchange";
    stop.peer = this.#peer;
    this.#heard = false;
    return new Promise<Answer>((resolve, reject) => {
      stop.listen((fault) => this.#fail(fault));
      const reader = new AnswerReader(message.method === "HEAD", message.maxBodyBytes);
      this.#waiting = { reader, timing, resolve, reject };
      if (!this.#open) return this.#fail(this.#cutShort());
      this.#socket.write(message.text);
      this.#sentAt = this.#clock.monotonic();
    });
  }

  close(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    const waiting = this.#waiting;
    // Bytes that nothing was asked for: whatever comes next could not be told from an answer.
    if (waiting === undefined) return this.close();
    if (!this.#heard) {
      this.#heard = true;
      waiting.timing.firstByte = this.#clock.monotonic() - this.#sentAt;
    }
    let answer: Answer | undefined;
    try {
      answer = waiting.reader.take(bytes);
    } catch (error) {
      return this.#fail(toFault(error));
    }
    if (answer !== undefined) this.#succeed(waiting, answer);
  }

  #onEnd(): void {
    this.#open = false;
    const waiting = this.#waiting;
    if (waiting === undefined) return this.close();
    const answer = waiting.reader.end();
    if (answer === undefined) this.#fail(this.#cutShort());
    else this.#succeed(waiting, answer);
  }

  #succeed(waiting: Waiting, answer: Answer): void {
    this.#waiting = undefined;
    this.usedAt = this.#clock.monotonic();
    if (!answer.keepable) this.close();
    waiting.resolve(answer);
  }

  #fail(fault: Fault): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.close();
    waiting?.reject(fault);
  }

  #cutShort(): Fault {
    const how = this.#heard ? "in the middle of its answer" : "without an answer";
    return new Fault("connection-reset", `${this.#peer} closed the connection ${how}`);
  }
}
