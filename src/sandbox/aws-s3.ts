import { randomUUID } from "node:crypto";
import type { AwsModel } from "./aws-model.ts";
import { countIn, restService, restXml, xml, type RestOperation, type RestRequest, type RestXml } from "./aws-rest.ts";
import type { AwsBucket, AwsObject, LifecycleRule } from "./aws-s3-model.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
/** The service's own limit of one page. */
const PAGE_SIZE = 1_000;
const BUCKET = /^\/(?<bucket>[^/]+)\/?$/;
/** `bucket.localhost`, `bucket.s3.eu-west-1.amazonaws.com`: the bucket is in the host's name. */
const VIRTUAL_HOST = /^(?<bucket>.+)\.(?:localhost|s3(?:[.-][\w-]+)?\.amazonaws\.com)(?::\d+)?$/;

/** What IAM calls these operations. */
const PERMISSIONS = {
  GetBucketEncryption: "GetEncryptionConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  ListObjectsV2: "ListBucket",
  HeadBucket: "ListBucket",
} as const;

/** S3 over the model's buckets, read alone; by path and by virtual host. `pageSize` makes listings smaller than AWS's 1,000. */
export function s3Service(model: AwsModel, options: { readonly pageSize?: number } = {}): AwsService {
  const { pageSize = PAGE_SIZE } = options;
  const bucketOf = ({ captured }: RestRequest): AwsBucket => {
    const name = captured("bucket");
    const found = model.buckets?.find((bucket) => bucket.name === name);
    if (found === undefined) throw new AwsFault("NoSuchBucket", "The specified bucket does not exist", 404);
    return found;
  };
  const read = (
    action: string,
    query: string,
    handle: (bucket: AwsBucket, request: RestRequest) => readonly [string, RestXml],
  ): RestOperation => ({
    action,
    method: "GET",
    path: BUCKET,
    query,
    handle: (request) => handle(bucketOf(request), request),
  });
  return restService({
    scope: "s3",
    namespace: NAMESPACE,
    permissions: PERMISSIONS,
    pathOf: virtualPath,
    fault: s3Fault,
    operations: [
      read("GetBucketVersioning", "versioning", ({ versioning }) => [
        "VersioningConfiguration",
        { Status: versioning },
      ]),
      read("GetBucketEncryption", "encryption", ({ encryption }) => [
        "ServerSideEncryptionConfiguration",
        { Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: encryption }, BucketKeyEnabled: false }] },
      ]),
      read("GetPublicAccessBlock", "publicAccessBlock", ({ publicAccessBlock: block }) => {
        if (block === undefined)
          throw new AwsFault(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
            404,
          );
        return [
          "PublicAccessBlockConfiguration",
          {
            BlockPublicAcls: block.blockPublicAcls,
            IgnorePublicAcls: block.ignorePublicAcls,
            BlockPublicPolicy: block.blockPublicPolicy,
            RestrictPublicBuckets: block.restrictPublicBuckets,
          },
        ];
      }),
      read("GetBucketTagging", "tagging", ({ tags }) => {
        const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
        if (pairs.length === 0) throw new AwsFault("NoSuchTagSet", "The TagSet does not exist", 404);
        return ["Tagging", { TagSet: { Tag: pairs } }];
      }),
      read("GetBucketLifecycleConfiguration", "lifecycle", ({ lifecycle }) => {
        if (lifecycle.length === 0)
          throw new AwsFault("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404);
        return ["LifecycleConfiguration", { Rule: lifecycle.map(ruleXml) }];
      }),
      read("ListObjectsV2", "list-type", (bucket, { query }) => ["ListBucketResult", listing(bucket, query, pageSize)]),
      { action: "HeadBucket", method: "HEAD", path: BUCKET, handle: (request) => void bucketOf(request) },
    ],
  });
}

function virtualPath({ host }: AwsRequest["headers"], url: URL): string {
  const bucket = typeof host === "string" ? VIRTUAL_HOST.exec(host)?.groups?.["bucket"] : undefined;
  return bucket === undefined ? url.pathname : `/${bucket}${url.pathname}`;
}

/** S3's error document has no envelope, and what other services call throttling is `SlowDown`. */
function s3Fault({ code, message, status }: AwsFault) {
  const slow = code === "Throttling";
  const own = slow ? "SlowDown" : code === "InternalFailure" ? "InternalError" : code;
  const said = slow ? "Please reduce your request rate." : message;
  const error = { Code: own, Message: said, RequestId: randomUUID(), HostId: randomUUID() };
  return xml(slow ? 503 : status, restXml("Error", error));
}

function ruleXml(rule: LifecycleRule): RestXml {
  const { expireDays, expireNoncurrentDays, transition } = rule;
  return {
    ID: rule.id,
    Filter: { Prefix: rule.prefix },
    Status: rule.enabled ? "Enabled" : "Disabled",
    Expiration: expireDays === undefined ? undefined : { Days: expireDays },
    NoncurrentVersionExpiration:
      expireNoncurrentDays === undefined ? undefined : { NoncurrentDays: expireNoncurrentDays },
    Transition:
      transition === undefined ? undefined : [{ Days: transition.days, StorageClass: transition.storageClass }],
  };
}

/** One page: keys in the order of their bytes, those below a delimiter folded into one common prefix each. */
function listing(bucket: AwsBucket, query: URLSearchParams, pageSize: number): RestXml {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : tokenOf(token);
  const most = countIn(query, "max-keys", pageSize, "InvalidArgument");
  const contents: AwsObject[] = [];
  const folders = new Set<string>();
  let last = "";
  let isTruncated = false;
  const sorted = bucket.objects().filter(({ key }) => key.startsWith(prefix) && isAfter(key, after));
  for (const object of sorted.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))) {
    const folder = folderOf(object.key, prefix, delimiter);
    // A common prefix that an earlier page told is not told again.
    if (folder !== undefined && (folders.has(folder) || (token !== null && folder === after))) continue;
    if (contents.length + folders.size >= most) {
      isTruncated = true;
      break;
    }
    if (folder === undefined) contents.push(object);
    else folders.add(folder);
    last = folder ?? object.key;
  }
  return {
    Name: bucket.name,
    Prefix: prefix,
    Delimiter: delimiter === "" ? undefined : delimiter,
    StartAfter: query.get("start-after") ?? undefined,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: isTruncated ? Buffer.from(last).toString("base64") : undefined,
    KeyCount: contents.length + folders.size,
    MaxKeys: most,
    IsTruncated: isTruncated,
    Contents: contents.map(({ key, size, lastModified }) => ({
      Key: key,
      LastModified: new Date(lastModified).toISOString(),
      Size: size,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: [...folders].map((Prefix) => ({ Prefix })),
  };
}

function folderOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function isAfter(key: string, after: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
}

function tokenOf(token: string): string {
  const key = Buffer.from(token, "base64").toString("utf8");
  if (key === "" || Buffer.from(key).toString("base64") !== token)
    throw new AwsFault("InvalidArgument", "The continuation token provided is incorrect");
  return key;
}
