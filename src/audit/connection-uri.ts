import { isAddress } from "./address.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";

/** `ec2-1-2-3-4.eu-west-1.compute.amazonaws.com`, `ip-10-0-1-1.ec2.internal` */
const INSTANCE_NAME = /^(?:ec2|ip)-\d+-\d+-\d+-\d+\./;

/** Users keep their connectionURI when cores are added: so it names the load balancer, never an instance or an address. */
export const connectionUri: Rule = {
  id: "connection-uri",
  title: "connectionUri is the load balancer's",
  seed: "We should be able to add more cores / ec2 instances without them having to change their connectionURI",
  applies: isBalanced,
  async check({ deployment, loadBalancer, resolve }) {
    const { hostname } = new URL(deployment.connectionUri);
    const { dnsName } = await loadBalancer();
    const expected = `a DNS name that leads to ${dnsName}`;
    const fix = `point a DNS name at ${dnsName}, and give that to the app's back ends`;
    const cores = new Set(deployment.cores.map(({ url }) => new URL(url).hostname));
    if (isAddress(hostname)) return judge(false, expected, `${hostname} is an address`, fix);
    if (INSTANCE_NAME.test(hostname)) return judge(false, expected, `${hostname} is an instance's name`, fix);
    if (cores.has(hostname)) return judge(false, expected, `${hostname} is one core's`, fix);
    if (hostname.toLowerCase() === dnsName.toLowerCase()) return judge(true, expected, hostname, fix);
    const [here, there] = await Promise.all([resolve(hostname), resolve(dnsName)]);
    const isSame = here.length > 0 && here.every((address) => there.includes(address));
    return judge(
      isSame,
      expected,
      isSame ? hostname : `${hostname} leads elsewhere: ${here.join(", ") || "nowhere"}`,
      fix,
    );
  },
};
