import type { DistributionSummary } from "@aws-sdk/client-cloudfront";
import type { AuditCloud, DistributionFacts } from "../domain/index.ts";
import { everyPage } from "./alarm-clients.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";

const OPERATION = "cloudfront:ListDistributions";
/** The most that one page of ListDistributions holds. */
const PAGE_SIZE = 100;

/** Reads the account's distributions, all at once: the listing has all that is asked of them. */
export function distributionReader(reach: AuditReach): Pick<AuditCloud, "distributions"> {
  const clients = reach.clients(async (config) => {
    const { CloudFrontClient } = await import("@aws-sdk/client-cloudfront");
    return new CloudFrontClient(config);
  });
  const listings = new Memo<readonly DistributionFacts[]>();
  return {
    distributions: (place) =>
      listings.ask(place, "", async () => {
        const { ListDistributionsCommand } = await import("@aws-sdk/client-cloudfront");
        const call = reach.callTo(place);
        const all = await everyPage({ place, call, operation: OPERATION, subject: "distributions" }, async (token) => {
          const client = await clients.for(place);
          const command = new ListDistributionsCommand({
            MaxItems: PAGE_SIZE,
            ...(token === undefined ? {} : { Marker: token }),
          });
          const { DistributionList: list } = await client.send(command, { abortSignal: call.signal });
          // A list of none has no items at all, and says so by its quantity.
          const items = list?.Items ?? (list?.Quantity === 0 ? [] : undefined);
          const next =
            list?.IsTruncated === true ? told(list.NextMarker, OPERATION, "marker of its next page") : undefined;
          return { items, next };
        });
        return all.map(distributionFacts);
      }),
  };
}

function distributionFacts({ Id, DomainName, Aliases, Enabled, Origins }: DistributionSummary): DistributionFacts {
  const id = told(Id, OPERATION, "id of a distribution");
  return {
    id,
    domainName: DomainName ?? "",
    aliases: Aliases?.Items ?? [],
    enabled: Enabled === true,
    origins: told(Origins?.Items, OPERATION, `origins of ${id}`).flatMap(({ DomainName: origin }) => origin ?? []),
  };
}
