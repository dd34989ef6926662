import type { AwsModel } from "./aws-model.ts";
import { countIn, restService, type RestXml } from "./aws-rest.ts";
import type { AwsHostedZone, AwsRecord } from "./aws-route53-model.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";

const NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/";
/** The service's own limits of one page. */
const ZONES_PAGE = 100;
const RECORDS_PAGE = 300;
/** Where alias records say that a load balancer's name is at home. */
const BALANCER_ZONE = "Z32O12XQLNTSW2";

/** Route 53 over the model's hosted zones, read alone; one for all regions. `pageSize` makes pages smaller. */
export function route53Service(model: AwsModel, options: { readonly pageSize?: number } = {}): AwsService {
  const { pageSize = RECORDS_PAGE } = options;
  return restService({
    scope: "route53",
    namespace: NAMESPACE,
    operations: [
      {
        action: "ListHostedZonesByName",
        method: "GET",
        path: /^\/2013-04-01\/hostedzonesbyname\/?$/,
        handle: ({ query }) => ["ListHostedZonesByNameResponse", zones(model.hostedZones ?? [], query, pageSize)],
      },
      {
        action: "ListResourceRecordSets",
        method: "GET",
        path: /^\/2013-04-01\/hostedzone\/(?<zone>[^/]+)\/rrset\/?$/,
        handle: ({ captured, query }) => {
          const zone = model.hostedZones?.find(({ id }) => id === captured("zone"));
          if (zone === undefined)
            throw new AwsFault("NoSuchHostedZone", `No hosted zone found with ID: ${captured("zone")}`, 404);
          return ["ListResourceRecordSetsResponse", recordSets(zone, query, pageSize)];
        },
      },
    ],
  });
}

/** `com.example.acme`: names sort by their labels from the last to the first. */
function reversed(name: string): string {
  return name.replace(/\.$/, "").toLowerCase().split(".").toReversed().join(".");
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? "";
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function zones(all: readonly AwsHostedZone[], query: URLSearchParams, pageSize: number): RestXml {
  const keyOf = ({ name, id }: AwsHostedZone): string[] => [reversed(name), id];
  const from = [reversed(query.get("dnsname") ?? ""), query.get("hostedzoneid") ?? ""];
  const most = countIn(query, "maxitems", Math.min(pageSize, ZONES_PAGE));
  const left = all.filter((zone) => compare(keyOf(zone), from) >= 0).sort((a, b) => compare(keyOf(a), keyOf(b)));
  const next = left[most];
  return {
    HostedZones: {
      HostedZone: left.slice(0, most).map((zone) => ({
        Id: `/hostedzone/${zone.id}`,
        Name: zone.name,
        CallerReference: zone.id,
        Config: { PrivateZone: zone.private === true },
        ResourceRecordSetCount: zone.records.length,
      })),
    },
    DNSName: query.get("dnsname") ?? undefined,
    IsTruncated: next !== undefined,
    NextDNSName: next?.name,
    NextHostedZoneId: next?.id,
    MaxItems: String(most),
  };
}

function recordSets(zone: AwsHostedZone, query: URLSearchParams, pageSize: number): RestXml {
  const keyOf = (record: AwsRecord): string[] => [reversed(record.name), record.type, record.setIdentifier ?? ""];
  const from = [reversed(query.get("name") ?? ""), query.get("type") ?? "", query.get("identifier") ?? ""];
  const most = countIn(query, "maxitems", pageSize);
  const left = zone.records
    .filter((record) => compare(keyOf(record), from) >= 0)
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  const next = left[most];
  return {
    ResourceRecordSets: { ResourceRecordSet: left.slice(0, most).map(recordXml) },
    IsTruncated: next !== undefined,
    NextRecordName: next?.name,
    NextRecordType: next?.type,
    NextRecordIdentifier: next?.setIdentifier,
    MaxItems: String(most),
  };
}

/** The service tells `*` and other signs in names by their octal codes. */
function recordXml(record: AwsRecord): RestXml {
  const { aliasTo, values, ttl = 300 } = record;
  return {
    Name: record.name.replaceAll("*", String.raw`\052`),
    Type: record.type,
    SetIdentifier: record.setIdentifier,
    ...(aliasTo === undefined
      ? { TTL: ttl, ResourceRecords: { ResourceRecord: (values ?? []).map((Value) => ({ Value })) } }
      : { AliasTarget: { HostedZoneId: BALANCER_ZONE, DNSName: aliasTo, EvaluateTargetHealth: true } }),
  };
}
