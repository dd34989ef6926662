import type { S3Client } from "@aws-sdk/client-s3";
import type { AuditCloud, CloudOperation, CloudPlace, LogBucket } from "../domain/index.ts";
import { send } from "./alarm-clients.ts";
import { lifecycleWords } from "./audit-s3-lifecycle.ts";
import { newestLog } from "./audit-s3-logs.ts";
import { Memo, tagsFrom, told, type AuditReach } from "./audit-reach.ts";
import { nameOf } from "./errors.ts";

/** Asks one bucket one question; S3's errors that only say "this was never configured" give `undefined`. */
type Ask = <T>(
  operation: CloudOperation & `s3:${string}`,
  work: (client: S3Client, sdk: typeof import("@aws-sdk/client-s3")) => Promise<T>,
  unset?: RegExp,
) => Promise<T | undefined>;

/** Reads buckets of access logs, each once, and their newest objects. */
export function bucketReader(reach: AuditReach): Pick<AuditCloud, "bucket" | "newestLogObject"> {
  const clients = reach.clients(async (config) => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    // Behind an endpoint that was set, names of buckets are in paths: nobody made host names for them there.
    const forcePathStyle = config.endpoint !== undefined || isSet("AWS_ENDPOINT_URL") || isSet("AWS_ENDPOINT_URL_S3");
    return new S3Client({ ...config, forcePathStyle });
  });
  const buckets = new Memo<LogBucket>();
  const newest = new Memo<number | undefined>();

  const read = (name: string, place: CloudPlace): Promise<LogBucket> => {
    const call = reach.callTo(place);
    const ask: Ask = (operation, work, unset) =>
      send({ place, call, operation, subject: `bucket ${name}` }, async () => {
        try {
          return await work(await clients.for(place), await import("@aws-sdk/client-s3"));
        } catch (error) {
          if (unset?.test(nameOf(error)) === true) return undefined;
          throw error;
        }
      });
    return readBucket(name, ask, call.signal);
  };

  return {
    bucket: (name, place) => buckets.ask(place, name, () => read(name, place)),
    newestLogObject: (bucket, prefix, days, place, balancerArn) =>
      newest.ask(place, JSON.stringify([bucket, prefix, days, balancerArn]), () =>
        newestLog({
          clients,
          place,
          call: reach.callTo(place),
          bucket,
          prefix,
          now: reach.clock.now(),
          days,
          balancerArn,
        }),
      ),
  };
}

async function readBucket(name: string, ask: Ask, abortSignal: AbortSignal): Promise<LogBucket> {
  const input = { Bucket: name };
  const [versioning, encryption, access, tags, lifecycle] = await Promise.all([
    ask("s3:GetBucketVersioning", (client, { GetBucketVersioningCommand }) =>
      client.send(new GetBucketVersioningCommand(input), { abortSignal }),
    ),
    ask(
      "s3:GetEncryptionConfiguration",
      async (client, { GetBucketEncryptionCommand }) => {
        const answer = await client.send(new GetBucketEncryptionCommand(input), { abortSignal });
        return told(
          answer.ServerSideEncryptionConfiguration?.Rules,
          "s3:GetEncryptionConfiguration",
          "encryption rules",
        );
      },
      /^ServerSideEncryptionConfigurationNotFound/,
    ),
    ask(
      "s3:GetBucketPublicAccessBlock",
      async (client, { GetPublicAccessBlockCommand }) => {
        const answer = await client.send(new GetPublicAccessBlockCommand(input), { abortSignal });
        return told(answer.PublicAccessBlockConfiguration, "s3:GetBucketPublicAccessBlock", "block of public access");
      },
      /^NoSuchPublicAccessBlockConfiguration$/,
    ),
    ask(
      "s3:GetBucketTagging",
      async (client, { GetBucketTaggingCommand }) => {
        const answer = await client.send(new GetBucketTaggingCommand(input), { abortSignal });
        return told(answer.TagSet, "s3:GetBucketTagging", "tags");
      },
      /^NoSuchTagSet/,
    ),
    ask(
      "s3:GetLifecycleConfiguration",
      async (client, { GetBucketLifecycleConfigurationCommand }) => {
        const answer = await client.send(new GetBucketLifecycleConfigurationCommand(input), { abortSignal });
        return told(answer.Rules, "s3:GetLifecycleConfiguration", "rules of its lifecycle");
      },
      /^NoSuchLifecycleConfiguration$/,
    ),
  ]);
  return {
    name,
    versioning: versioning?.Status ?? "off",
    encryption: encryption?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
    publicAccessBlocked:
      access?.BlockPublicAcls === true &&
      access.IgnorePublicAcls === true &&
      access.BlockPublicPolicy === true &&
      access.RestrictPublicBuckets === true,
    tags: tagsFrom(tags),
    lifecycle: (lifecycle ?? []).flatMap(lifecycleWords),
  };
}

function isSet(variable: string): boolean {
  return (process.env[variable] ?? "") !== "";
}
