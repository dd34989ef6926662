import type { AuditExpectations, ListenerFacts, LoadBalancerConfig } from "../domain/index.ts";

/** Port of the listener that users call (runbook: HTTPS 3567). */
export function listenerPort(expect: AuditExpectations): number {
  return expect.listenerPort ?? 3567;
}

/** The HTTPS listener that users call; `undefined`: there is none on that port. */
export function mainListener({ listeners }: LoadBalancerConfig, expect: AuditExpectations): ListenerFacts | undefined {
  return listeners.find((one) => one.protocol === "HTTPS" && one.port === listenerPort(expect));
}

/** How a missing HTTPS listener is made. */
export function createListener({ arn }: LoadBalancerConfig, expect: AuditExpectations): string {
  return `aws elbv2 create-listener --load-balancer-arn ${arn} --protocol HTTPS --port ${listenerPort(expect)} --certificates CertificateArn=… --default-actions Type=forward,TargetGroupArn=…`;
}
