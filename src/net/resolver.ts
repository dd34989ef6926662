import { lookup, Resolver as Ares } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock } from "../domain/index.ts";
import { Fault } from "./fault.ts";
import { HostsFile } from "./hosts.ts";

/** Turns a host of a URL into addresses. */
export interface Resolver {
  /** At least one address, in the order of preference. @throws Fault `dns-not-found` or `dns-failure` */
  resolve(host: string): Promise<readonly string[]>;
}

/** An answer is believed for its TTL, and never longer than this, ms. */
const MAX_TTL_MS = 30_000;
/** Names kept; the oldest goes first. */
const MAX_NAMES = 10_000;
/** After a failure the system's resolver configuration is read again, at most this often, ms. */
const RELOAD_EVERY_MS = 30_000;
/** One question to one server, ms, and how often it is asked. */
const QUESTION = { timeout: 1_500, tries: 2 } as const;

interface Known {
  readonly addresses: readonly string[];
  /** Monotonic, ms. */
  readonly until: number;
}

/** How a resolver may be set up. */
export interface ResolverOptions {
  readonly clock: Clock;
  /** `address:port` of the servers; the system's unless set. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
}

/**
 * Looks names up through c-ares: getaddrinfo shares four threads with the whole process, so that one dead name server
 * would hold up every other probe. Order: literal address, hosts file, kept answer, DNS (A; AAAA only where there is no A),
 * and for a name that DNS does not know the system's own way (search domains, mDNS).
 */
export function createResolver(options: ResolverOptions): Resolver {
  const { clock } = options;
  const hosts = new HostsFile(options.hostsFile ?? "/etc/hosts", clock);
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<readonly string[]>>();
  let ares = build(options.servers);
  let builtAt = clock.monotonic();
  let turn = 0;

  async function ask(name: string): Promise<readonly string[]> {
    const fromHosts = await hosts.addresses(name);
    if (fromHosts.length > 0) return fromHosts;
    try {
      const { addresses, ttlMs } = await query(ares, name, options.servers === undefined);
      if (ttlMs > 0) {
        const oldest = known.keys().next();
        if (known.size >= MAX_NAMES && oldest.done !== true) known.delete(oldest.value);
        known.set(name, { addresses, until: clock.monotonic() + Math.min(ttlMs, MAX_TTL_MS) });
      }
      return addresses;
    } catch (error) {
      if (clock.monotonic() - builtAt > RELOAD_EVERY_MS) {
        ares = build(options.servers);
        builtAt = clock.monotonic();
      }
      throw error;
    }
  }

  return {
    async resolve(host) {
      const literal = host.startsWith("[") ? host.slice(1, -1) : host;
      if (isIP(literal) !== 0) return [literal];
      const name = host.toLowerCase().replace(/\.$/, "");
      const kept = known.get(name);
      if (kept !== undefined && kept.until > clock.monotonic()) return rotate(kept.addresses, turn++);
      known.delete(name);
      let answer = asking.get(name);
      if (answer === undefined) {
        answer = ask(name).finally(() => asking.delete(name));
        asking.set(name, answer);
      }
      return answer;
    },
  };
}

/** A c-ares channel of its own, with the system's servers or the given ones. */
function build(servers: readonly string[] | undefined): Ares {
  const ares = new Ares(QUESTION);
  if (servers !== undefined) ares.setServers([...servers]);
  return ares;
}

async function query(ares: Ares, name: string, system: boolean): Promise<{ addresses: string[]; ttlMs: number }> {
  let failed: unknown;
  for (const family of [4, 6] as const) {
    try {
      const records =
        family === 4 ? await ares.resolve4(name, { ttl: true }) : await ares.resolve6(name, { ttl: true });
      if (records.length > 0) {
        return { addresses: records.map((r) => r.address), ttlMs: Math.min(...records.map((r) => r.ttl)) * 1000 };
      }
    } catch (error) {
      // No data of one family says nothing about the other; a missing name or a dead server does.
      failed = error;
      if (codeOf(error) !== "ENODATA") break;
    }
  }
  if (system && codeOf(failed) === "ENOTFOUND") return bySystem(name);
  throw dnsFault(failed, name);
}

/** One more try the system's way: only for a name that DNS said it does not know, so a dead server cannot block the threads. */
async function bySystem(name: string): Promise<{ addresses: string[]; ttlMs: number }> {
  try {
    const found = await lookup(name, { all: true, order: "ipv4first" });
    return { addresses: found.map((f) => f.address), ttlMs: 5_000 };
  } catch (error) {
    throw dnsFault(error, name);
  }
}

/** The fault behind an error of c-ares or getaddrinfo. */
export function dnsFault(error: unknown, name: string): Fault {
  const code = codeOf(error);
  if (code === "ENOTFOUND" || code === "ENODATA" || code === "EBADNAME") {
    return new Fault("dns-not-found", `DNS knows no address of ${name}`);
  }
  if (code === "ECANCELLED") return new Fault("cancelled", "the probe was called off");
  return new Fault("dns-failure", `DNS gave no answer for ${name} (${code === "" ? String(error) : code})`);
}

/** The code of a system error; empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Each probe takes the next address, so that one dead address of several is met. */
function rotate(addresses: readonly string[], turn: number): readonly string[] {
  if (addresses.length < 2) return addresses;
  const at = turn % addresses.length;
  return [...addresses.slice(at), ...addresses.slice(0, at)];
}
