import type { CloudPlace } from "../domain/index.ts";

/** What replaces the SDK's own look-ups (environment, profile, instance role); all optional. */
export interface AwsOverrides {
  /** Endpoint of every service; the SDK's, or AWS_ENDPOINT_URL[_SERVICE], unless set. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Tries of one call, the first included; 3 unless set. */
  readonly maxAttempts?: number;
  /** Time for one try; 5 s unless set. */
  readonly requestTimeoutMs?: number;
}

/** A name in CloudTrail for what corewatch does under a role. */
const ROLE_SESSION = "corewatch";
/** A call that has no answer by then is tried again; every check has a deadline of its own above it. */
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** What every client is built with. */
export type ClientConfig = Awaited<ReturnType<typeof configOf>>;

/** Clients of one service by region and role, built at first use: the SDK is not loaded before. */
export class AwsClients<Client> {
  readonly #overrides: AwsOverrides;
  readonly #make: (config: ClientConfig) => Promise<Client>;
  readonly #clients = new Map<string, Promise<Client>>();

  /** `make` loads the service's module and builds one client. */
  constructor(overrides: AwsOverrides, make: (config: ClientConfig) => Promise<Client>) {
    this.#overrides = overrides;
    this.#make = make;
  }

  /** The client for a place. @throws what the SDK throws when it cannot be built */
  for(place: CloudPlace): Promise<Client> {
    const key = JSON.stringify([place.region, place.roleArn]);
    const existing = this.#clients.get(key);
    if (existing !== undefined) return existing;
    const building = this.#build(place);
    this.#clients.set(key, building);
    // A failed build is not kept: the next look tries again.
    building.catch(() => this.#clients.delete(key));
    return building;
  }

  async #build(place: CloudPlace): Promise<Client> {
    return this.#make(await configOf(place, this.#overrides));
  }
}

async function configOf(place: CloudPlace, overrides: AwsOverrides) {
  const { endpoint, maxAttempts = 3, requestTimeoutMs = REQUEST_TIMEOUT_MS } = overrides;
  const credentials = await credentialsOf(place, overrides);
  return {
    maxAttempts,
    requestHandler: {
      requestTimeout: requestTimeoutMs,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      // Without this the SDK only warns, and goes on waiting.
      throwOnRequestTimeout: true,
    },
    ...(place.region === undefined ? {} : { region: place.region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** `undefined`: what the SDK finds. Under a role, temporary credentials that the SDK renews before they expire. */
async function credentialsOf(place: CloudPlace, { credentials, endpoint, maxAttempts = 3 }: AwsOverrides) {
  if (place.roleArn === undefined) return credentials;
  const { fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
  return fromTemporaryCredentials({
    params: { RoleArn: place.roleArn, RoleSessionName: ROLE_SESSION },
    ...(credentials === undefined ? {} : { masterCredentials: credentials }),
    clientConfig: {
      maxAttempts,
      requestHandler: { requestTimeout: REQUEST_TIMEOUT_MS, connectionTimeout: CONNECT_TIMEOUT_MS },
      ...(place.region === undefined ? {} : { region: place.region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    },
  });
}
