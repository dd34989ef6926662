import { isAddress } from "./address.ts";
import { fail, isBalanced, judge, named, type Rule } from "./rule.ts";

/** Names compare without their trailing dot, and in lower case. AWS puts `dualstack.` in front of a load balancer's name in alias records. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^dualstack\./, "");
}

/** The name that users have leads to this load balancer: as Route 53 has it, and as the world resolves it. */
export const dnsRecord: Rule = {
  id: "dns-record",
  title: "DNS record of the connectionUri",
  seed: "Update DNS Route 53",
  scanner: "route53_dangling_ip_subdomain_takeover",
  applies: isBalanced,
  async check({ deployment, loadBalancer, cloud, place, resolve }) {
    const { hostname } = new URL(deployment.connectionUri);
    const { dnsName } = await loadBalancer();
    const expected = `${hostname} leads to ${dnsName}`;
    const fix = `aws route53 change-resource-record-sets with an alias record (A) of ${hostname} to ${dnsName}`;
    const records = (await cloud.records(hostname, place)).filter((one) => ["A", "AAAA", "CNAME"].includes(one.type));
    if (records.length === 0) return fail(expected, `Route 53 has no record of ${hostname}`, fix);
    const leads = records.flatMap((one) => (one.aliasTo === undefined ? one.values : [one.aliasTo]));
    const [here, there] = await Promise.all([resolve(hostname), resolve(dnsName)]);
    // A name in between is as good as the load balancer's own, when it leads there; an address is not: it changes.
    const ways = await Promise.all(
      leads.map(async (to) => ({ to, isRight: plain(to) === plain(dnsName) || (await leadsTo(to, there, resolve)) })),
    );
    const stray = ways.filter(({ isRight }) => !isRight).map(({ to }) => to);
    if (stray.length > 0) return fail(expected, `Route 53 leads it to ${named(stray)}`, fix);
    const lost = here.filter((address) => !there.includes(address));
    return judge(
      here.length > 0 && lost.length === 0,
      expected,
      here.length === 0
        ? `${hostname} resolves to nothing`
        : `${hostname} resolves to ${named(here)}; ${dnsName} to ${named(there)}`,
      `${fix}; where that is so already, wait for the record's time to live, and look for a name server that answers otherwise (dig +trace ${hostname})`,
    );
  },
};

async function leadsTo(
  to: string,
  there: readonly string[],
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<boolean> {
  if (isAddress(to)) return false;
  const addresses = await resolve(to.replace(/\.$/, ""));
  return addresses.length > 0 && addresses.every((address) => there.includes(address));
}
