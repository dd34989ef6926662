import { ACMClient, DescribeCertificateCommand } from "@aws-sdk/client-acm";
import { expect, onTestFinished, test } from "vitest";
import { acmService } from "../../src/sandbox/aws-acm.ts";
import { ACCOUNT, endpoint, REGION } from "./aws-endpoint.ts";

const arnOf = (region: string) => `arn:aws:acm:${region}:${ACCOUNT}:certificate/0a1b2c3d`;

test("a certificate with its names and days; one of another region or none is not found", async () => {
  const arn = arnOf(REGION);
  const notAfter = Date.parse("2027-01-01T00:00:00Z");
  const { client } = await endpoint(
    {
      certificates: [
        {
          arn,
          domainName: "*.aws.example.com",
          alternativeNames: ["aws.example.com"],
          status: "ISSUED",
          notAfter,
        },
      ],
    },
    (model) => [acmService(model)],
  );
  const acm = new ACMClient(client);
  onTestFinished(() => acm.destroy());
  const { Certificate: found } = await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }));
  expect(found).toMatchObject({
    Status: "ISSUED",
    SubjectAlternativeNames: ["*.aws.example.com", "aws.example.com"],
    NotAfter: new Date(notAfter),
  });
  await expect(acm.send(new DescribeCertificateCommand({ CertificateArn: arnOf("us-east-1") }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  await expect(acm.send(new DescribeCertificateCommand({ CertificateArn: "arn:aws:iam::1:x" }))).rejects.toMatchObject({
    name: "ValidationException",
  });
});
