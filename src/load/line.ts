import type { Socket } from "node:net";
import { Client } from "undici";
import type { Dispatcher } from "undici";
import type { Clock, WireRequest, WireResult } from "../domain/index.ts";
import type { Addresses } from "./addresses.ts";
import { ConnectFault } from "./dial.ts";
import type { Dial, Dialling } from "./dial.ts";

/** Characters of a body that are kept: an answer of a core has a few kilobytes. */
const MAX_BODY_BYTES = 64 * 1024;
/** An idle connection is given up after this, ms: before a server's own limit, which is rarely shorter than 5 s. */
const IDLE_MS = 4000;

/** What all lines of a transport share. */
export interface LineSettings {
  readonly origin: string;
  readonly basePath: string;
  /** Headers of every request, name and value in turn. */
  readonly headers: readonly string[];
  readonly coreHeader: string | undefined;
  readonly dial: Dial;
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** A connection lives so long, ms. */
  readonly lifeMs: () => number;
  /** The line can take the next request. */
  readonly onFree: (line: Line) => void;
  /** Its connection stands, or could not be made. */
  readonly onDialled: (line: Line) => void;
}

/**
 * One connection at a time, with at most one request on it. It is the handler of its own requests, so that a request costs no
 * closures; whoever asked is told through `onResult`, once.
 */
export class Line implements Dispatcher.DispatchHandler {
  readonly #settings: LineSettings;
  readonly #client: Client;
  #dialling: Dialling | undefined;
  #socket: Socket | undefined;
  #address = "";
  #retireAt = 0;
  #onResult: ((result: WireResult) => void) | undefined;
  #busy = false;
  #sending = false;
  #status = 0;
  #core: string | undefined;
  #body: Buffer | undefined;
  #more: Buffer[] | undefined;
  #bytes = 0;

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#client = new Client(settings.origin, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      // A server's own hint counts, up to this.
      keepAliveMaxTimeout: 60_000,
      keepAliveTimeoutThreshold: 1000,
      // The limit of the whole request is the transport's.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, done) => {
        this.#dialling = settings.dial((fault, socket) => {
          this.#dialling = undefined;
          if (fault !== null || socket === undefined) {
            done(fault ?? new ConnectFault("no connection"), null);
            settings.onDialled(this);
            return;
          }
          this.#socket = socket;
          this.#address = socket.remoteAddress ?? "";
          this.#retireAt = settings.clock.monotonic() + settings.lifeMs();
          done(null, socket);
          settings.onDialled(this);
        });
      },
    });
  }

  /** Its connection stands and may be used again. */
  get isWarm(): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return false;
    const { clock, addresses } = this.#settings;
    return clock.monotonic() < this.#retireAt && addresses.has(this.#address);
  }

  /** Sends; `onResult` is called once, never before this returned. The line must be free. */
  send(request: WireRequest, onResult: (result: WireResult) => void): void {
    this.#onResult = onResult;
    this.#busy = true;
    this.#status = 0;
    this.#core = undefined;
    this.#body = undefined;
    this.#more = undefined;
    this.#bytes = 0;
    this.#retireOld();
    this.#sending = true;
    this.#client.dispatch(
      {
        path: this.#settings.basePath + request.path,
        method: request.method,
        headers: this.#headersOf(request),
        body: request.body ?? null,
      },
      this,
    );
    this.#sending = false;
  }

  /** Ends the request on it with this result, and its connection. */
  giveUp(result: WireResult): void {
    this.#tell(result);
    if (this.#dialling === undefined) this.#socket?.destroy();
    else this.#dialling.cancel();
  }

  close(): void {
    this.#dialling?.cancel();
    this.#client.destroy(null, () => undefined);
  }

  onRequestStart(): void {
    // Asked for by the interface; the connection is the line's own, and so is its end.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const name = this.#settings.coreHeader;
    if (name === undefined) return;
    const core = headers[name];
    this.#core = typeof core === "string" ? core : core?.[0];
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = MAX_BODY_BYTES - this.#bytes;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#bytes += kept.length;
    if (this.#body === undefined) this.#body = kept;
    else (this.#more ??= []).push(kept);
  }

  onResponseEnd(): void {
    this.#busy = false;
    const body = this.#bodyText();
    this.#tell({ kind: "answer", status: this.#status, body, core: this.#core });
    this.#settings.onFree(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#sending) {
      // The request itself could not be built.
      queueMicrotask(() => this.#failed(error));
    } else this.#failed(error);
  }

  #failed(error: Error): void {
    if (!this.#busy) return;
    this.#busy = false;
    const kind = !(error instanceof ConnectFault) ? "lost" : error.late ? "timed-out" : "refused";
    this.#tell({ kind, detail: error.message });
    this.#settings.onFree(this);
  }

  #tell(result: WireResult): void {
    const told = this.#onResult;
    this.#onResult = undefined;
    told?.(result);
  }

  /** A connection that is old, or goes to an address that the name no longer has, is not used again. */
  #retireOld(): void {
    if (this.#socket === undefined || this.isWarm) return;
    this.#socket.destroy();
    this.#socket = undefined;
  }

  #headersOf(request: WireRequest): string[] {
    const headers = [...this.#settings.headers];
    for (const [name, value] of Object.entries(request.headers)) headers.push(name, value);
    return headers;
  }

  #bodyText(): string {
    if (this.#body === undefined) return "";
    return (this.#more === undefined ? this.#body : Buffer.concat([this.#body, ...this.#more])).toString();
  }
}
