import { Resolver as Ares } from "node:dns/promises";
import { Fault } from "./fault.ts";
import type { HostsFile } from "./hosts.ts";
import { codeOf, dnsFault } from "./resolver.ts";
import type { Stop } from "./stop.ts";

/** What a name stands for: addresses, and the name that it is an alias of. */
export interface LookUp {
  readonly addresses: readonly string[];
  /** CNAME targets; `undefined` where DNS did not say. */
  readonly names?: readonly string[];
}

/** What a look-up needs. */
interface Tools {
  readonly stop: Stop;
  readonly hosts: HostsFile;
  readonly servers: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** Records taken from one answer: a server writes it. */
const MAX_RECORDS = 100;

/**
 * Asks DNS anew for A, AAAA and CNAME of a name, from a channel of its own, so that it sees the system's present servers
 * and ends with its probe. A name in the hosts file is what probes on this host use, so that is the answer. @throws Fault
 */
export async function lookUp(name: string, { stop, hosts, servers, timeoutMs }: Tools): Promise<LookUp> {
  const fromHosts = await stop.guard(hosts.addresses(name.toLowerCase().replace(/\.$/, "")));
  if (fromHosts.length > 0) return { addresses: fromHosts };
  const ares = new Ares({ timeout: Math.max(250, Math.floor(timeoutMs / 3)), tries: 2 });
  if (servers !== undefined) ares.setServers([...servers]);
  try {
    const [v4, v6, alias] = await stop.guard(
      Promise.all([caught(ares.resolve4(name)), caught(ares.resolve6(name)), caught(ares.resolveCname(name))]),
    );
    // A name that is no alias has no CNAME: that is an answer.
    const names = alias.records ?? (codeOf(alias.error) === "ENODATA" ? [] : undefined);
    const addresses = [...(v4.records ?? []), ...(v6.records ?? [])].slice(0, MAX_RECORDS);
    if (addresses.length === 0) throw verdict(name, v4.error, v6.error);
    return names === undefined ? { addresses } : { addresses, names: names.slice(0, MAX_RECORDS) };
  } finally {
    ares.cancel();
  }
}

/** Neither family gave an address: a server that failed outweighs one that knows none. */
function verdict(name: string, ...errors: readonly unknown[]): Fault {
  const faults = errors.filter((error) => error !== undefined).map((error) => dnsFault(error, name));
  const failed = faults.find((fault) => fault.failure !== "dns-not-found");
  return failed ?? faults[0] ?? new Fault("dns-not-found", `DNS knows no address of ${name}`);
}

async function caught(
  question: Promise<string[]>,
): Promise<{ readonly records: string[] | undefined; readonly error: unknown }> {
  try {
    return { records: await question, error: undefined };
  } catch (error) {
    return { records: undefined, error };
  }
}
