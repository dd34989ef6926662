import type { AwsModel } from "./aws-model.ts";
import { countIn, restService, type RestXml } from "./aws-rest.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

const NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
/** The service's own limit of one page. */
const PAGE_SIZE = 100;

/** A distribution. */
export interface AwsDistribution {
  /** `E…` */
  readonly id: string;
  /** `d111111abcdef8.cloudfront.net` */
  readonly domainName: string;
  enabled: boolean;
  readonly aliases: string[];
  readonly origins: AwsOrigin[];
}

/** Where a distribution gets its answers from. */
export interface AwsOrigin {
  readonly id: string;
  /** A name: the service takes no addresses. */
  domainName: string;
}

/** CloudFront over the model's distributions, read alone; one for all regions. `pageSize` makes pages smaller. */
export function cloudFrontService(model: AwsModel, options: { readonly pageSize?: number } = {}): AwsService {
  const { pageSize = PAGE_SIZE } = options;
  return restService({
    scope: "cloudfront",
    namespace: NAMESPACE,
    operations: [
      {
        action: "ListDistributions",
        method: "GET",
        path: /^\/2020-05-31\/distribution\/?$/,
        handle: ({ query }) => ["DistributionList", listing(model.distributions ?? [], query, pageSize)],
      },
      {
        action: "GetDistributionConfig",
        method: "GET",
        path: /^\/2020-05-31\/distribution\/(?<id>[^/]+)\/config\/?$/,
        handle: ({ captured }) => {
          const found = model.distributions?.find(({ id }) => id === captured("id"));
          if (found === undefined)
            throw new AwsFault("NoSuchDistribution", "The specified distribution does not exist.", 404);
          return ["DistributionConfig", { CallerReference: found.id, ...configXml(found), Comment: "" }];
        },
      },
    ],
  });
}

function listing(all: readonly AwsDistribution[], query: URLSearchParams, pageSize: number): RestXml {
  const marker = query.get("Marker") ?? "";
  const most = countIn(query, "MaxItems", pageSize, "InvalidArgument");
  const left = [...all].sort((a, b) => (a.id < b.id ? -1 : 1)).filter(({ id }) => id > marker);
  const some = left.slice(0, most);
  const isTruncated = left.length > most;
  return {
    Marker: marker,
    NextMarker: isTruncated ? some.at(-1)?.id : undefined,
    MaxItems: most,
    IsTruncated: isTruncated,
    Quantity: some.length,
    Items: some.length === 0 ? undefined : { DistributionSummary: some.map(summaryXml) },
  };
}

function summaryXml(one: AwsDistribution): RestXml {
  return {
    Id: one.id,
    ARN: `arn:aws:cloudfront::123456789012:distribution/${one.id}`,
    Status: "Deployed",
    LastModifiedTime: "2026-01-01T00:00:00.000Z",
    DomainName: one.domainName,
    ...configXml(one),
    Comment: "",
  };
}

function configXml({ aliases, origins, enabled }: AwsDistribution): { readonly [name: string]: RestXml } {
  return {
    Aliases: { Quantity: aliases.length, Items: aliases.length === 0 ? undefined : { CNAME: aliases } },
    Origins: {
      Quantity: origins.length,
      Items: {
        Origin: origins.map(({ id, domainName }) => ({
          Id: id,
          DomainName: domainName,
          OriginPath: "",
          CustomHeaders: { Quantity: 0 },
          CustomOriginConfig: {
            HTTPPort: 80,
            HTTPSPort: 443,
            OriginProtocolPolicy: "http-only",
            OriginSslProtocols: { Quantity: 1, Items: { SslProtocol: ["TLSv1.2"] } },
            OriginReadTimeout: 30,
            OriginKeepaliveTimeout: 5,
          },
        })),
      },
    },
    OriginGroups: { Quantity: 0 },
    Enabled: enabled,
  };
}
