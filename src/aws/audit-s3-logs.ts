import type { ListObjectsV2CommandInput, S3Client } from "@aws-sdk/client-s3";
import type { CloudCall, CloudPlace } from "../domain/index.ts";
import { everyPage } from "./alarm-clients.ts";
import { told } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

const DAY_MS = 86_400_000;
/** Files come every five minutes; names within this time are looked at first. */
const RECENT_MS = 70 * 60_000;

/** Whose access logs are looked for. */
export interface LogSearch {
  readonly clients: AwsClients<S3Client>;
  readonly place: CloudPlace;
  readonly call: CloudCall;
  readonly bucket: string;
  /** Ends with `AWSLogs/`. */
  readonly prefix: string;
  /** Epoch ms. */
  readonly now: number;
  readonly days: number;
  /** Without it: of all load balancers that write there. */
  readonly balancerArn: string | undefined;
}

/** Where the files of a region's load balancers lie, by day. */
interface Folder {
  /** `AWSLogs/123456789012/elasticloadbalancing/eu-west-1/` */
  readonly path: string;
  /** `123456789012_elasticloadbalancing_eu-west-1_` */
  readonly file: string;
}

/**
 * When the newest access log of the last `days` came, epoch ms; `undefined`: none came. Keys hold the day and, within the
 * day, the load balancer and the end of the five minutes, so a bucket of millions of files is not listed: one request
 * while logs arrive, two around midnight UTC, one for each day without any. @throws CloudError
 */
export async function newestLog(search: LogSearch): Promise<number | undefined> {
  const { now, days, balancerArn } = search;
  const folders = balancerArn === undefined ? await foldersOf(search) : [folderOf(search, balancerArn)];
  const since = now - days * DAY_MS;
  for (let at = now; at > since - DAY_MS; at -= DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    const found = await Promise.all(folders.map((folder) => newestOf(search, folder, day)));
    const newest = Math.max(...found.flat());
    if (newest >= since) return newest;
  }
  return undefined;
}

function folderOf({ prefix }: LogSearch, balancerArn: string): Folder & { readonly balancer: string } {
  const [, , , region = "", account = "", resource = ""] = balancerArn.split(":");
  return { ...folder(prefix, account, region), balancer: resource.replace(/^loadbalancer\//, "").replaceAll("/", ".") };
}

function folder(prefix: string, account: string, region: string): Folder {
  const path = `${prefix}${account}/elasticloadbalancing/${region}/`;
  return { path, file: `${account}_elasticloadbalancing_${region}_` };
}

/** Of every account and region that writes below the prefix. */
async function foldersOf(search: LogSearch): Promise<Folder[]> {
  const accounts = await partsOf(search, search.prefix);
  const found = accounts.map(async (account) => {
    const regions = await partsOf(search, `${search.prefix}${account}/elasticloadbalancing/`);
    return regions.map((region) => folder(search.prefix, account, region));
  });
  return (await Promise.all(found)).flat();
}

/** Times of one day's newest files: of the one load balancer, or of each. */
async function newestOf(
  search: LogSearch,
  { path, file, balancer }: Folder & { readonly balancer?: string },
  day: string,
): Promise<number[]> {
  const start = `${path}${day.replaceAll("-", "/")}/${file}`;
  const balancers = balancer === undefined ? await partsOf(search, start, "_") : [balancer];
  const found = balancers.map(async (one) => {
    const own = `${start}${one}_`;
    const recent = new Date(search.now - RECENT_MS).toISOString();
    const isToday = recent.startsWith(day);
    const after = isToday ? `${own}${recent.slice(0, 16).replaceAll(/[-:]/g, "")}Z` : undefined;
    const times = await timesOf(search, own, after);
    return times.length > 0 || !isToday ? times : timesOf(search, own);
  });
  return (await Promise.all(found)).flat();
}

/** The next parts of the keys below a prefix: names up to the delimiter. */
async function partsOf(search: LogSearch, prefix: string, delimiter = "/"): Promise<string[]> {
  const folders = await list(search, { Prefix: prefix, Delimiter: delimiter }, (answer) => {
    told(answer.KeyCount, "s3:ListBucket", "count of its objects");
    return answer.CommonPrefixes ?? [];
  });
  return folders.flatMap(({ Prefix }) => Prefix?.slice(prefix.length, -delimiter.length) ?? []);
}

async function timesOf(search: LogSearch, prefix: string, after?: string): Promise<number[]> {
  const input = { Prefix: prefix, ...(after === undefined ? {} : { StartAfter: after }) };
  const objects = await list(search, input, (answer) => {
    const count = told(answer.KeyCount, "s3:ListBucket", "count of its objects");
    return count === 0 ? [] : told(answer.Contents, "s3:ListBucket", "list of its objects");
  });
  return objects.flatMap(({ LastModified }) => LastModified?.getTime() ?? []);
}

type Answer = Awaited<ReturnType<typeof listPage>>;

function list<T>(
  { clients, place, call, bucket }: LogSearch,
  input: Omit<ListObjectsV2CommandInput, "Bucket">,
  itemsOf: (answer: Answer) => readonly T[],
): Promise<T[]> {
  const subject = `access logs in bucket ${bucket}`;
  return everyPage({ place, call, operation: "s3:ListBucket", subject }, async (token) => {
    const client = await clients.for(place);
    const answer = await listPage(
      client,
      { ...input, Bucket: bucket, ...(token === undefined ? {} : { ContinuationToken: token }) },
      call.signal,
    );
    const isTruncated = answer.IsTruncated === true;
    const next = isTruncated
      ? told(answer.NextContinuationToken, "s3:ListBucket", "token of its next page")
      : undefined;
    return { items: itemsOf(answer), next };
  });
}

async function listPage(client: S3Client, input: ListObjectsV2CommandInput, abortSignal: AbortSignal) {
  const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  return client.send(new ListObjectsV2Command(input), { abortSignal });
}
