import { TLSSocket } from "node:tls";
import type { Clock, NetError, NetProber, Phases } from "../domain/index.ts";
import { dial } from "./dial.ts";
import type { Route, Timing } from "./dial.ts";
import { Fault } from "./fault.ts";
import { HostsFile } from "./hosts.ts";
import { lookUp } from "./look-up.ts";
import { createResolver } from "./resolver.ts";
import type { Resolver } from "./resolver.ts";
import { Stop } from "./stop.ts";
import { inspect } from "./trust.ts";

/** How the prober may be set up. */
export interface NetProberOptions {
  readonly clock: Clock;
  /** Where tcp and tls look names up. */
  readonly resolver?: Resolver;
  /** `address:port` of the name servers that `dns` asks; the system's unless set. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
}

/** Plain TCP, TLS and DNS probes over real sockets. */
export function createNetProber(options: NetProberOptions): NetProber {
  const { clock } = options;
  const resolver = options.resolver ?? createResolver(options);
  const hosts = new HostsFile(options.hostsFile ?? "/etc/hosts", clock);

  /** Runs one attempt under its deadline; what goes wrong becomes data. */
  async function attempt<T>(
    timeoutMs: number,
    signal: AbortSignal,
    look: (stop: Stop, timing: Timing) => Promise<T>,
  ): Promise<(T & { ok: true; phases: Phases }) | NetError> {
    const stop = new Stop(clock, timeoutMs, signal);
    const timing: Timing = {};
    try {
      const found = await look(stop, timing);
      return { ...found, ok: true, phases: { ...timing, total: stop.elapsed() } };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const phases = { ...timing, total: stop.elapsed() };
      return { ok: false, failure: error.failure, detail: error.message, phases };
    } finally {
      stop.release();
    }
  }

  const opened = (route: Route, stop: Stop, timing: Timing): ReturnType<typeof dial> =>
    dial(route, { clock, resolver, stop, timing, trace: undefined });

  return {
    tcp(host, port, timeoutMs, signal) {
      return attempt(timeoutMs, signal, async (stop, timing) => {
        const { socket } = await opened({ host, port, tls: undefined }, stop, timing);
        const { remoteAddress } = socket;
        socket.destroy();
        return { remoteAddress };
      });
    },

    tls(host, port, tls, timeoutMs, signal) {
      return attempt(timeoutMs, signal, async (stop, timing) => {
        const { socket, leaf } = await opened({ host, port, tls }, stop, timing);
        const certificate = socket instanceof TLSSocket ? inspect({ socket, leaf }, tls, clock.now()) : undefined;
        socket.destroy();
        if (certificate === undefined) throw new Fault("tls-handshake-failed", `${stop.peer} showed no certificate`);
        return { certificate };
      });
    },

    dns(name, timeoutMs, signal) {
      return attempt(timeoutMs, signal, async (stop, timing) => {
        stop.stage = "dns";
        stop.peer = name;
        const began = clock.monotonic();
        const found = await lookUp(name, { stop, hosts, servers: options.servers, timeoutMs });
        timing.dns = clock.monotonic() - began;
        return found;
      });
    },
  };
}
