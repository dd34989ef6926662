import type { AcmCertificate } from "../domain/index.ts";
import { covers } from "./certificate-covers.ts";
import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { dayText, fail, isBalanced, named, pass, type Rule } from "./rule.ts";

const DAY_MS = 86_400_000;
/** ACM renews 60 days ahead; one that has less than 30 is one whose renewal failed. */
const DEFAULT_DAYS = 30;

/** The listener's certificate is ACM's, which renews itself, and has days left. */
export const listenerCertificate: Rule = {
  id: "listener-certificate",
  title: "certificate of the HTTPS listener",
  seed: "Create Load Balancer: Certificate: choose a certificate from ACM",
  scanner: "acm_certificates_expiration_check",
  applies: isBalanced,
  async check({ deployment, loadBalancer, expect, cloud, place, now }) {
    const days = expect.certificateDays ?? DEFAULT_DAYS;
    const expected = `one of ACM's, with more than ${days} days left`;
    const balancer = await loadBalancer();
    const listener = mainListener(balancer, expect);
    if (listener === undefined)
      return fail(expected, `no HTTPS listener on port ${listenerPort(expect)}`, createListener(balancer, expect));
    const arn = listener.certificateArns[0] ?? "";
    const choose = `aws acm request-certificate --domain-name …, then aws elbv2 modify-listener --listener-arn ${listener.arn} --certificates CertificateArn=…`;
    if (!arn.includes(":acm:")) return fail(expected, arn === "" ? "no certificate" : `${arn} is not ACM's`, choose);
    const own = listener.certificateArns.filter((one) => one.includes(":acm:"));
    const all = await Promise.all(own.map((one) => cloud.certificate(one, place)));
    // By the name that is called the load balancer chooses among them; only where none is for it, it takes the default.
    const host = new URL(deployment.connectionUri).hostname;
    const forHost = all.filter(({ names }) => names.some((name) => covers(name, host)));
    const used = forHost.length > 0 ? forHost : all.slice(0, 1);
    const leftOf = ({ notAfter }: AcmCertificate): number =>
      notAfter === undefined ? 0 : Math.floor((notAfter - now) / DAY_MS);
    const wrong = used.filter((one) => one.status !== "ISSUED" || leftOf(one) <= days);
    const actual = named(
      (wrong.length > 0 ? wrong : used).map(
        (one) => `${one.names[0] ?? one.arn}: ${one.status}, ${dayText(leftOf(one))} left`,
      ),
    );
    const [first] = wrong;
    if (first === undefined) return pass(expected, actual);
    return fail(
      expected,
      actual,
      `find out why ACM does not renew it (aws acm describe-certificate --certificate-arn ${first.arn}), or ${choose}`,
    );
  },
};
