import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { fail, isBalanced, judge, named, type Rule } from "./rule.ts";

/** Whether a certificate's name (`*.example.com` covers one label) is for `host`. */
export function covers(name: string, host: string): boolean {
  const [pattern, wanted] = [name.toLowerCase(), host.toLowerCase()];
  if (!pattern.startsWith("*.")) return pattern === wanted;
  const dot = wanted.indexOf(".");
  return dot > 0 && wanted.slice(dot + 1) === pattern.slice(2);
}

/** The listener's certificate is for the name that users call. */
export const certificateCovers: Rule = {
  id: "certificate-covers",
  title: "certificate is for the connectionUri",
  seed: "Create Load Balancer: Certificate: *.aws.supertokens.com",
  applies: isBalanced,
  async check({ deployment, loadBalancer, expect, cloud, place }) {
    const { hostname } = new URL(deployment.connectionUri);
    const expected = `a certificate for ${hostname}`;
    const balancer = await loadBalancer();
    const listener = mainListener(balancer, expect);
    if (listener === undefined)
      return fail(expected, `no HTTPS listener on port ${listenerPort(expect)}`, createListener(balancer, expect));
    const arns = listener.certificateArns.filter((arn) => arn.includes(":acm:"));
    const names = (await Promise.all(arns.map((arn) => cloud.certificate(arn, place)))).flatMap((one) => one.names);
    return judge(
      names.some((name) => covers(name, hostname)),
      expected,
      `for ${named(names)}`,
      `aws acm request-certificate --domain-name ${hostname}, then aws elbv2 add-listener-certificates --listener-arn ${listener.arn} --certificates CertificateArn=…`,
    );
  },
};
