import { jsonService } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

const ARN = /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/;

/** A certificate of ACM. */
export interface AwsCertificate {
  /** `arn:aws:acm:REGION:ACCOUNT:certificate/…`; the region is the ARN's. */
  readonly arn: string;
  readonly domainName: string;
  /** The domain name is always among them. */
  readonly alternativeNames: readonly string[];
  status: "PENDING_VALIDATION" | "ISSUED" | "INACTIVE" | "EXPIRED" | "REVOKED" | "FAILED" | "VALIDATION_TIMED_OUT";
  /** Epoch ms; absent while it is not issued. */
  notBefore?: number;
  notAfter?: number;
}

/** AWS Certificate Manager over the model's certificates, read alone. */
export function acmService(model: AwsModel): AwsService {
  return jsonService({
    scope: "acm",
    target: "CertificateManager",
    version: "1.1",
    namespace: "com.amazonaws.acm",
    queryCompatible: false,
    operations: {
      DescribeCertificate: (input, { region }) => {
        const arn = input.required("CertificateArn");
        if (!ARN.test(arn)) throw new AwsFault("ValidationException", `The arn ${arn} is not valid.`);
        const found = model.certificates?.find((one) => one.arn === arn && arn.split(":")[3] === region);
        if (found === undefined)
          throw new AwsFault(
            "ResourceNotFoundException",
            `Could not find certificate ${arn} in account ${model.account}.`,
          );
        return {
          Certificate: {
            CertificateArn: arn,
            DomainName: found.domainName,
            SubjectAlternativeNames: [...new Set([found.domainName, ...found.alternativeNames])],
            Status: found.status,
            Type: "AMAZON_ISSUED",
            Issuer: "Amazon",
            KeyAlgorithm: "RSA-2048",
            NotBefore: found.notBefore === undefined ? undefined : found.notBefore / 1000,
            NotAfter: found.notAfter === undefined ? undefined : found.notAfter / 1000,
          },
        };
      },
    },
  });
}
