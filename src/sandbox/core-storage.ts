import type { CoreTenant } from "./core-options.ts";

/** A core cannot reach its database. The message names host, port, user and database, as a real core's does. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
}

/** One row of `session_info`. Times are epoch ms. */
export interface SessionRow {
  readonly app: string;
  readonly tenant: string;
  readonly handle: string;
  readonly userId: string;
  readonly refreshTokenHash2: string;
  /** JSON texts. */
  readonly data: string;
  readonly payload: string;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly staticKey: boolean;
  /** Hashes of refresh tokens that were exchanged, with the time of it; newest last, bounded. */
  readonly superseded: readonly (readonly [hash2: string, at: number])[];
}

/** One e-mail and password user. */
export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly joinedAt: number;
}

/** A signing key as stored: PKCS#8 PEM. `static` keys have ids `s-…`, rotating ones `d-…`. */
export interface StoredKey {
  readonly kid: string;
  readonly pem: string;
  readonly use: "static" | "dynamic";
}

/** What all cores of one database have in common. */
export interface SharedKeys {
  readonly signing: readonly StoredKey[];
  /** Encrypts refresh tokens. */
  readonly refresh: string;
}

/** What becomes of a session that was read for update. */
export type SessionChange = { readonly keep: SessionRow } | { readonly remove: true } | undefined;

/** A core's storage: Postgres, or memory when it has no database settings. */
export interface CoreStorage {
  /** Resolves once the database can be used; waits for it as long as it takes. */
  open(tenants: readonly CoreTenant[], signal: AbortSignal): Promise<SharedKeys>;
  /** What /hello asks. @throws DatabaseUnavailable */
  hello(app: string): Promise<void>;
  tenants(): Promise<readonly CoreTenant[]>;
  /** Inserts the session and notes the user as active. */
  createSession(row: SessionRow): Promise<void>;
  session(app: string, tenant: string, handle: string): Promise<SessionRow | undefined>;
  /** Reads a session for update, and writes what `decide` says, in one transaction. */
  changeSession<T>(
    app: string,
    tenant: string,
    handle: string,
    decide: (row: SessionRow | undefined) => { result: T; change: SessionChange },
  ): Promise<T>;
  sessionsOfUser(app: string, tenant: string, userId: string): Promise<string[]>;
  /** The handles that existed. */
  removeSessions(app: string, tenant: string, handles: readonly string[]): Promise<string[]>;
  /** `false`: the e-mail is taken. */
  addUser(app: string, tenant: string, user: UserRow): Promise<boolean>;
  userByEmail(app: string, tenant: string, email: string): Promise<UserRow | undefined>;
  countUsers(app: string): Promise<number>;
  close(): Promise<void>;
}
