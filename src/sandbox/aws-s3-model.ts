/** A bucket of the simulated account. */
export interface AwsBucket {
  readonly name: string;
  readonly region: string;
  /** Absent: it was never switched on. */
  versioning?: "Enabled" | "Suspended";
  /** Every bucket has SSE-S3 unless another was set. */
  encryption: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** Absent: the bucket has no configuration of it. */
  publicAccessBlock?: PublicAccessBlock;
  /** Empty: none were set, and asking for them is an error. */
  tags: Record<string, string>;
  /** Empty: there is no configuration, and asking for it is an error. */
  lifecycle: LifecycleRule[];
  /** Objects as they are now, in any order. */
  objects(): readonly AwsObject[];
}

/** The four switches. */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

/** A rule of a lifecycle. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  /** Deletes what is older. */
  readonly expireDays?: number;
  /** Deletes old versions. */
  readonly expireNoncurrentDays?: number;
  readonly transition?: { readonly days: number; readonly storageClass: string };
}

/** What a listing tells of an object. */
export interface AwsObject {
  readonly key: string;
  readonly size: number;
  /** Epoch ms. */
  readonly lastModified: number;
}

/** What a new bucket has: SSE-S3, all public access blocked, and nothing else. */
export function awsBucket(bucket: Partial<AwsBucket> & { readonly name: string; readonly region: string }): AwsBucket {
  return {
    encryption: "AES256",
    publicAccessBlock: {
      blockPublicAcls: true,
      ignorePublicAcls: true,
      blockPublicPolicy: true,
      restrictPublicBuckets: true,
    },
    tags: {},
    lifecycle: [],
    objects: () => [],
    ...bucket,
  };
}
