import { CloudError, type CloudFailure } from "../domain/index.ts";

/** What was asked when it failed: the words of the sentence. */
export interface Asked {
  /** `elasticloadbalancing:DescribeTargetHealth` */
  readonly permission: string;
  /** `load balancer acme-production` */
  readonly subject: string;
  /** `eu-west-1`, or what the SDK finds. */
  readonly region: string | undefined;
  readonly signal: AbortSignal;
  /** It was to be changed, not looked at. */
  readonly writes?: boolean;
}

const NOT_FOUND =
  /^(LoadBalancerNotFound|TargetGroupNotFound|ListenerNotFound|NotFound|ResourceNotFound|ClusterNotFound|ServiceNotFound|NoSuchBucket$|NoSuchHostedZone|NoSuchDistribution|Invalid\w+\.NotFound|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)/;
const DENIED =
  /^(AccessDenied|AuthorizationError|UnauthorizedOperation|AuthFailure|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|OptInRequired|InvalidAccessKeyId|RequestExpired|CredentialsProviderError|TokenProviderError)/;
const THROTTLED = /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown|PriorRequestNotComplete)/;
/** A request that AWS understood and does not take: its own sentence says why. */
const REFUSED =
  /^(Validation|InvalidParameter|InvalidTarget|TooManyTargets|InvalidFormat|PermanentRedirect|MissingRequiredParameter|LimitExceeded|ConcurrentModification|TagLimit)/;
/** An answer that broke off: half a document, or a connection that ended within it. */
const BROKEN_OFF = /(JSON|XML|Unexpected end|unclosed|aborted|premature|socket hang up|Deserialization error)/i;
const UNREACHABLE =
  /^(TimeoutError|NetworkingError|InternalFailure|InternalError|ServiceUnavailable|RequestTimeout|ENOTFOUND|EAI_AGAIN|ECONN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|EPROTO|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/;

/** What the SDK threw, as an error for people: what happened, to what, and what to do. */
export function toCloudError(error: unknown, asked: Asked): CloudError {
  if (error instanceof CloudError) return error;
  const { writes = false } = asked;
  if (asked.signal.aborted) {
    const doing = writes ? `changing ${asked.subject} in AWS` : `reading ${asked.subject} from AWS`;
    return new CloudError("cancelled", `${doing} was called off`);
  }
  const name = nameOf(error);
  const status = statusOf(error);
  const where = asked.region === undefined ? "AWS" : `AWS in ${asked.region}`;
  const made = (failure: CloudFailure, sentence: string): CloudError => new CloudError(failure, sentence);
  const message = error instanceof Error ? error.message : "";

  if (NOT_FOUND.test(name)) {
    return made("not-found", `${where} has no ${asked.subject}: check its name, region and account in fleet.yaml`);
  }
  if (name.startsWith("CredentialsProviderError") || name.startsWith("TokenProviderError")) {
    return made(
      "not-authorized",
      `no AWS credentials were found to ${writes ? "change" : "read"} ${asked.subject}: set them in the environment, a profile or the instance's role`,
    );
  }
  if (DENIED.test(name)) {
    const wanted = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? asked.permission;
    return made(
      "not-authorized",
      `AWS refused to ${writes ? "change" : "show"} ${asked.subject} (${name}): allow ${wanted} to the credentials that corewatch uses`,
    );
  }
  if (THROTTLED.test(name) || status === 429)
    return made(
      "throttled",
      `${where} throttled ${writes ? "the change of" : "the look at"} ${asked.subject} (${name}): its API rate is used up`,
    );
  if (message.includes("Region is missing")) {
    return made("failed", `no AWS region is known for ${asked.subject}: set region in fleet.yaml or AWS_REGION`);
  }
  if (UNREACHABLE.test(name) || (status !== undefined && status >= 500))
    return made(
      "unreachable",
      `${where} could not be reached to ${writes ? "change" : "read"} ${asked.subject} (${name})`,
    );
  if (BROKEN_OFF.test(message) && !REFUSED.test(name))
    return made("unreachable", `the answer of ${where} about ${asked.subject} broke off`);
  const why = REFUSED.test(name) && message !== "" ? `${name}: ${oneLine(message)}` : name;
  return made("failed", `${where} could not ${writes ? "change" : "describe"} ${asked.subject} (${why})`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

/** AWS's error code, Node's, or the class's name; bounded, since it comes from outside. */
export function nameOf(error: unknown): string {
  if (error instanceof AggregateError) return nameOf(error.errors.at(-1));
  if (typeof error !== "object" || error === null) return "unknown error";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const name = "name" in error && typeof error.name === "string" ? error.name : undefined;
  const told = name === undefined || name === "Error" || name === "" ? (code ?? name) : name;
  return (told ?? "unknown error").slice(0, 80);
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}
