/** A tenant that a core serves; the empty string is the base domain, `public` the base app and tenant. */
export interface CoreTenant {
  readonly domain: string;
  readonly app: string;
  readonly tenant: string;
}

/** The tenant that every core has. */
export const BASE_TENANT: CoreTenant = { domain: "", app: "public", tenant: "public" };

/** How one simulated core is set up. Plain data: it crosses to the core's own process. */
export interface CoreOptions {
  readonly id: string;
  /** Loopback address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** How many ports above `port` may be tried when it is taken; 0 unless set. */
  readonly portSpread?: number;
  /** PEM files; absent: plain HTTP. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Absent: in memory, with keys of its own. */
  readonly databaseUrl?: string;
  /** Connections that are held open; 10 unless set (default of `postgresql_connection_pool_size`). */
  readonly poolSize?: number;
  /** Every answer begins this much later, ms. */
  readonly delayMs?: number;
  /** Value of the response header `x-served-by`, as a proxy in front of the core adds it; absent: no header. */
  readonly servedBy?: string;
  /** Cores of one process and database share one pool: for big fleets. */
  readonly sharePool?: boolean;
  /** Prefix of every path, such as `/auth`. */
  readonly basePath?: string;
  /** Accepted api keys; none: every call is accepted. */
  readonly apiKeys?: readonly string[];
  /** Regular expressions over the caller's address. */
  readonly ipAllow?: string;
  readonly ipDeny?: string;
  /** Apps and tenants beside the base one. */
  readonly tenants?: readonly CoreTenant[];
  /** Factor on the database's waits (5 s for a connection, 8.5 s for a query, 10 s between tries at start-up); 1 unless set. */
  readonly timeScale?: number;
  /** Life of an access token, ms; 1 h unless set. */
  readonly accessTokenMs?: number;
  /** Life of a refresh token, ms; 100 days unless set. */
  readonly refreshTokenMs?: number;
  /** How long a used refresh token may come again without being taken for theft, ms; 30 s unless set. */
  readonly graceMs?: number;
  /** scrypt's N; 32768 unless set, which with r = 8 and p = 3 costs about 0.18 s of CPU: what bcrypt with 11 rounds costs. */
  readonly passwordCost?: number;
}

/** Waits of a core on its database, ms. */
export interface DatabaseWaits {
  /** The pool's connection timeout. */
  readonly connectMs: number;
  /** A query on a connection that was not validated, since it was used a moment ago. */
  readonly queryMs: number;
  /** Between tries at start-up. */
  readonly retryMs: number;
}

/** The waits of a real core, times the option's factor. */
export function databaseWaits(options: CoreOptions): DatabaseWaits {
  const scale = options.timeScale ?? 1;
  return { connectMs: 5_000 * scale, queryMs: 8_500 * scale, retryMs: 10_000 * scale };
}
