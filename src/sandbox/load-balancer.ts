import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Clock } from "../domain/index.ts";
import { Counts, type MinuteCounts, type TargetCounts } from "./load-balancer-counts.ts";
import { Forwarder } from "./load-balancer-forward.ts";
import { HealthChecker, seedHealthCheck, type HealthCheckSettings } from "./load-balancer-health.ts";
import { RegisteredTarget, type TargetSpec, type TargetView } from "./load-balancer-targets.ts";

/** What is broken about the load balancer. */
export type LoadBalancerFault =
  /** Takes no connections. */
  | { readonly kind: "refuse" }
  /** Answers everything itself with this status. */
  | { readonly kind: "status"; readonly status: number }
  /** Takes requests and never answers. */
  | { readonly kind: "hang" }
  /** Packets to these targets (`id:port`; all when absent) are dropped, as a wrong security group does; they stay reachable from elsewhere. */
  | { readonly kind: "blocked"; readonly targets?: readonly string[] };

/** Settings of {@link startLoadBalancer}. */
export interface LoadBalancerOptions {
  readonly clock: Clock;
  /** With a certificate the listener speaks HTTPS. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Loopback address to listen on; 127.0.0.1 unless set. */
  readonly host?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Enabled zones; absent: every zone. */
  readonly zones?: readonly string[];
  /** Seed settings divided by 30 (one check a second) unless set. */
  readonly healthCheck?: HealthCheckSettings;
  readonly deregistrationDelayMs?: number;
  readonly idleTimeoutMs?: number;
  readonly targets?: readonly TargetSpec[];
}

/** A running load balancer. */
export interface SandboxLoadBalancer {
  /** `https://127.0.0.1:41000` */
  readonly url: string;
  readonly port: number;
  /** Begins health checks; an `id:port` that is registered or draining starts anew. */
  register(target: TargetSpec): void;
  /** Begins draining; `false` when there is no such target. */
  deregister(id: string, port: number): boolean;
  targets(): readonly TargetView[];
  /** What `id:port` was sent. */
  counts(id: string, port: number): TargetCounts;
  minutes(): readonly MinuteCounts[];
  /** `undefined` heals. */
  setFault(fault: LoadBalancerFault | undefined): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_SPEED = 30;
const IDLE_TIMEOUT_MS = 60_000;

/** Starts a load balancer that forwards, health-checks and drains as an application load balancer does. */
export async function startLoadBalancer(options: LoadBalancerOptions): Promise<SandboxLoadBalancer> {
  const running = new Running(options);
  await running.listen(options.port ?? 0);
  for (const target of options.targets ?? []) running.register(target);
  return running;
}

interface Entry {
  readonly target: RegisteredTarget;
  readonly checker: HealthChecker;
}

class Running implements SandboxLoadBalancer {
  readonly #options: LoadBalancerOptions;
  readonly #healthCheck: HealthCheckSettings;
  readonly #counts: Counts;
  readonly #forwarder: Forwarder;
  readonly #entries = new Map<string, Entry>();
  #server: Server | undefined;
  #port = 0;
  #turn = 0;
  #fault: LoadBalancerFault | undefined;
  #stopped = false;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    this.#healthCheck = options.healthCheck ?? seedHealthCheck(DEFAULT_SPEED);
    this.#counts = new Counts(options.clock);
    this.#forwarder = new Forwarder({
      clock: options.clock,
      counts: this.#counts,
      protocol: this.#protocol,
      idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      reaches: (target) => this.#reaches(target),
    });
  }

  get #protocol(): "http" | "https" {
    return this.#options.certificate === undefined ? "http" : "https";
  }

  get url(): string {
    return `${this.#protocol}://${this.#options.host ?? "127.0.0.1"}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  async listen(port: number): Promise<void> {
    const { certificate, host = "127.0.0.1" } = this.#options;
    const handle = (request: IncomingMessage, response: ServerResponse): void => this.#handle(request, response);
    const server = certificate === undefined ? createHttpServer(handle) : createHttpsServer({ ...certificate }, handle);
    // As long as a real one keeps idle connections, so that clients may reuse theirs.
    server.keepAliveTimeout = this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    this.#server = server;
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
  }

  register(spec: TargetSpec): void {
    const key = `${spec.id}:${spec.port}`;
    this.#remove(key);
    const { clock, zones } = this.#options;
    const target = new RegisteredTarget(spec, this.#healthCheck, zones?.includes(spec.zone) ?? true);
    const checker = new HealthChecker(clock, this.#healthCheck, target, (target) => this.#reaches(target));
    this.#entries.set(key, { target, checker });
    if (target.checked) checker.start();
  }

  deregister(id: string, port: number): boolean {
    const key = `${id}:${port}`;
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.checker.stop();
    // A target that is in no use has nothing to drain.
    if (entry.target.state === "unused") this.#remove(key);
    else {
      const delayMs = this.#options.deregistrationDelayMs ?? 300_000 / DEFAULT_SPEED;
      entry.target.drain(this.#options.clock, delayMs, () => this.#remove(key));
    }
    return true;
  }

  targets(): readonly TargetView[] {
    return [...this.#entries.values()].map(({ target }) => target.view);
  }

  counts(id: string, port: number): TargetCounts {
    return { ...this.#counts.target(`${id}:${port}`) };
  }

  minutes(): readonly MinuteCounts[] {
    return this.#counts.minutes();
  }

  async setFault(fault: LoadBalancerFault | undefined): Promise<void> {
    this.#fault = fault;
    if (fault?.kind === "refuse") await this.#close();
    else if (this.#server === undefined && !this.#stopped) await this.listen(this.#port);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const key of this.#entries.keys()) this.#remove(key);
    this.#forwarder.close();
    await this.#close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.checker.stop();
    entry.target.stop();
    this.#entries.delete(key);
    this.#counts.forget(key);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    // A client that goes away mid-request is its own affair.
    request.on("error", () => response.destroy());
    this.#counts.now().requests++;
    if (this.#fault?.kind === "hang") return;
    const own = this.#fault?.kind === "status" ? this.#fault.status : undefined;
    const target = own === undefined ? this.#next() : undefined;
    if (target === undefined) this.#forwarder.refuse(response, own ?? 503);
    else this.#forwarder.forward(request, response, target);
  }

  /** Round robin over healthy targets; with none of them healthy, over all in service: it fails open. */
  #next(): RegisteredTarget | undefined {
    const all = [...this.#entries.values()].map(({ target }) => target);
    const healthy = all.filter((target) => target.state === "healthy");
    const open = healthy.length > 0 ? healthy : all.filter((target) => target.checked);
    return open[this.#turn++ % Math.max(1, open.length)];
  }

  #reaches({ spec }: RegisteredTarget): boolean {
    if (this.#fault?.kind !== "blocked") return true;
    return this.#fault.targets !== undefined && !this.#fault.targets.includes(`${spec.id}:${spec.port}`);
  }
}
