import type {
  HostedZone,
  ListHostedZonesByNameCommandInput,
  ListResourceRecordSetsCommandInput,
  ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import type { AuditCloud, CloudPlace, DnsRecord } from "../domain/index.ts";
import { everyPage } from "./alarm-clients.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

/** The most that one page of ListHostedZonesByName and ListResourceRecordSets holds. */
const ZONES_PAGE = 100;
const RECORDS_PAGE = 300;

/** Records of a zone by name, in lower case, without the trailing dot. */
type Records = ReadonlyMap<string, readonly DnsRecord[]>;

/**
 * Reads Route 53. A zone is read whole, once: five requests a second are all that an account has, and a fleet's names are
 * mostly in one zone.
 */
export function recordReader(reach: AuditReach): Pick<AuditCloud, "records"> {
  const clients = reach.clients(async (config) => {
    const { Route53Client } = await import("@aws-sdk/client-route-53");
    return new Route53Client(config);
  });
  const listings = new Memo<readonly HostedZone[]>();
  const zones = new Memo<Records>();
  return {
    async records(name, place) {
      const wanted = plain(name);
      const all = await listings.ask(place, "", () => readZones(clients, place, reach));
      const held = await Promise.all(
        zonesOf(wanted, all).map((zone) =>
          zones.ask(place, zone.Id ?? "", () => readRecords(clients, place, reach, zone)),
        ),
      );
      return held.flatMap((records) => recordsOf(wanted, records));
    },
  };
}

/** The zones that answer for a name: of those it is in, the closest; a private one only where no public one is. */
function zonesOf(name: string, all: readonly HostedZone[]): HostedZone[] {
  const within = all.filter((zone) => isWithin(name, plain(zone.Name ?? "")));
  const open = within.filter(({ Config }) => Config?.PrivateZone !== true);
  const candidates = open.length > 0 ? open : within;
  const closest = Math.max(0, ...candidates.map(({ Name = "" }) => plain(Name).length));
  return candidates.filter(({ Name = "" }) => plain(Name).length === closest);
}

/** Those of the name; where it is not there, of the wildcard that stands for it. */
function recordsOf(name: string, records: Records): readonly DnsRecord[] {
  const exact = records.get(name);
  if (exact !== undefined) return exact;
  for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
    const parent = name.slice(at + 1);
    const wildcard = records.get(`*.${parent}`);
    if (wildcard !== undefined) return wildcard;
    // The closest name that is there decides: a wildcard further up does not reach past it.
    if ([...records.keys()].some((one) => isWithin(one, parent))) return [];
  }
  return [];
}

async function readZones(
  clients: AwsClients<Route53Client>,
  place: CloudPlace,
  reach: AuditReach,
): Promise<HostedZone[]> {
  const { ListHostedZonesByNameCommand } = await import("@aws-sdk/client-route-53");
  const operation = "route53:ListHostedZonesByName";
  const call = reach.callTo(place);
  let from: ListHostedZonesByNameCommandInput = {};
  return everyPage({ place, call, operation, subject: "hosted zones" }, async () => {
    const client = await clients.for(place);
    const command = new ListHostedZonesByNameCommand({ ...from, MaxItems: ZONES_PAGE });
    const answer = await client.send(command, { abortSignal: call.signal });
    const isTruncated = told(answer.IsTruncated, operation, "hosted zones");
    from = { DNSName: answer.NextDNSName, HostedZoneId: answer.NextHostedZoneId };
    return { items: answer.HostedZones, next: isTruncated ? JSON.stringify(from) : undefined };
  });
}

async function readRecords(
  clients: AwsClients<Route53Client>,
  place: CloudPlace,
  reach: AuditReach,
  { Id: HostedZoneId, Name }: HostedZone,
): Promise<Records> {
  const { ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const operation = "route53:ListResourceRecordSets";
  const subject = `records of ${Name ?? HostedZoneId ?? ""}`;
  const call = reach.callTo(place);
  let from: Omit<ListResourceRecordSetsCommandInput, "HostedZoneId"> = {};
  const sets = await everyPage({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    const command = new ListResourceRecordSetsCommand({ ...from, HostedZoneId, MaxItems: RECORDS_PAGE });
    const answer = await client.send(command, { abortSignal: call.signal });
    const isTruncated = told(answer.IsTruncated, operation, subject);
    from = {
      StartRecordName: answer.NextRecordName,
      StartRecordType: answer.NextRecordType,
      StartRecordIdentifier: answer.NextRecordIdentifier,
    };
    return { items: answer.ResourceRecordSets, next: isTruncated ? JSON.stringify(from) : undefined };
  });
  return Map.groupBy(sets.map(recordOf), (record) => record.name);
}

function recordOf({ Name, Type, AliasTarget, ResourceRecords }: ResourceRecordSet): DnsRecord {
  return {
    name: plain(Name ?? ""),
    type: Type ?? "",
    aliasTo: AliasTarget?.DNSName,
    values: (ResourceRecords ?? []).flatMap(({ Value }) => Value ?? []),
  };
}

/** In lower case, without the trailing dot; signs that Route 53 tells by their octal codes as they are (`\052` is `*`). */
function plain(name: string): string {
  return name
    .replaceAll(/\\(\d{3})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
    .replace(/\.$/, "")
    .toLowerCase();
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
