import type { AcmCertificate, AuditCloud } from "../domain/index.ts";
import { send } from "./alarm-clients.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";

/** Reads certificates of ACM, each once. */
export function certificateReader(reach: AuditReach): Pick<AuditCloud, "certificate"> {
  const clients = reach.clients(async (config) => {
    const { ACMClient } = await import("@aws-sdk/client-acm");
    return new ACMClient(config);
  });
  const certificates = new Memo<AcmCertificate>();
  return {
    certificate: (arn, place) =>
      certificates.ask(place, arn, async () => {
        const { DescribeCertificateCommand } = await import("@aws-sdk/client-acm");
        const operation = "acm:DescribeCertificate";
        const subject = `certificate ${arn.split("/").at(-1) ?? arn}`;
        const call = reach.callTo(place);
        return send({ place, call, operation, subject }, async () => {
          const client = await clients.for(place);
          const command = new DescribeCertificateCommand({ CertificateArn: arn });
          const { Certificate } = await client.send(command, { abortSignal: call.signal });
          const found = told(Certificate, operation, subject);
          return {
            arn,
            status: told(found.Status, operation, `status of ${subject}`),
            names: [...new Set([found.DomainName, ...(found.SubjectAlternativeNames ?? [])])].flatMap(
              (one) => one ?? [],
            ),
            notAfter: found.NotAfter?.getTime(),
          };
        });
      }),
  };
}
