import { isAddress } from "./address.ts";
import { judge, named, type Rule } from "./rule.ts";

/** An instance's public name holds its address: `ec2-1-2-3-4.eu-west-1.compute.amazonaws.com`. */
const INSTANCE_NAME = /^ec2-(\d+)-(\d+)-(\d+)-(\d+)\./;
/** Names that AWS keeps pointing at the right place by itself. */
const MANAGED =
  /\.(?:elb\.amazonaws\.com|s3[.-][a-z0-9-.]*amazonaws\.com|s3\.amazonaws\.com|execute-api\.[a-z0-9-]+\.amazonaws\.com|lambda-url\.[a-z0-9-]+\.on\.aws)$/;

/** Without a load balancer CloudFront has the address of an instance; when that is replaced, the address is somebody else's. */
export const cloudfrontOrigins: Rule = {
  id: "cloudfront-origins",
  title: "CloudFront's origins are the fleet's",
  seed: "When EC2 IP changed, I need to update CloudFront origin to new IP",
  scanner: "route53_dangling_ip_subdomain_takeover",
  applies: ({ distribution }) => distribution !== undefined,
  async check({ deployment: { distribution = "" }, cloud, place, resolve }) {
    const expected = "origins that lead to addresses of this account";
    const all = await cloud.distributions(place);
    const mine = all.find(
      (one) => one.id === distribution || one.domainName === distribution || one.aliases.includes(distribution),
    );
    if (mine === undefined)
      return judge(false, expected, `there is no distribution ${distribution}`, "correct distribution in fleet.yaml");
    const own = await cloud.ownAddresses(place);
    const stray: string[] = [];
    for (const origin of mine.origins) {
      if (MANAGED.test(origin)) continue;
      const addresses = await addressesOf(origin, resolve);
      const lost = addresses.filter((address) => !own.has(address));
      if (addresses.length === 0) stray.push(`${origin} resolves to nothing`);
      else if (lost.length > 0) stray.push(`${origin} is ${named(lost)}, which this account does not have`);
    }
    return judge(
      stray.length === 0,
      expected,
      stray.length === 0 ? named(mine.origins) : named(stray),
      `aws cloudfront update-distribution --id ${mine.id} with the origin of the instance that runs now; an elastic address or a load balancer keeps it`,
    );
  },
};

async function addressesOf(
  origin: string,
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (isAddress(origin)) return [origin];
  const numbers = INSTANCE_NAME.exec(origin);
  return numbers === null ? resolve(origin) : [numbers.slice(1, 5).join(".")];
}
