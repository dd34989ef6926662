import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { dayText, fail, isBalanced, pass, type Rule } from "./rule.ts";

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
  async check({ loadBalancer, expect, cloud, place, now }) {
    const days = expect.certificateDays ?? DEFAULT_DAYS;
    const expected = `one of ACM's, with more than ${days} days left`;
    const balancer = await loadBalancer();
    const listener = mainListener(balancer, expect);
    if (listener === undefined)
      return fail(expected, `no HTTPS listener on port ${listenerPort(expect)}`, createListener(balancer, expect));
    const arn = listener.certificateArns[0] ?? "";
    const choose = `aws acm request-certificate --domain-name …, then aws elbv2 modify-listener --listener-arn ${listener.arn} --certificates CertificateArn=…`;
    if (!arn.includes(":acm:")) return fail(expected, arn === "" ? "no certificate" : `${arn} is not ACM's`, choose);
    const { status, notAfter, names } = await cloud.certificate(arn, place);
    const left = notAfter === undefined ? 0 : Math.floor((notAfter - now) / DAY_MS);
    const actual = `${names[0] ?? arn}: ${status}, ${dayText(left)} left`;
    if (status !== "ISSUED" || left <= days)
      return fail(
        expected,
        actual,
        `find out why ACM does not renew it (aws acm describe-certificate --certificate-arn ${arn}), or ${choose}`,
      );
    return pass(expected, actual);
  },
};
