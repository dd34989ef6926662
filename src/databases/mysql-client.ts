import type { ConnectionOptions, RowDataPacket, SslOptions } from "mysql2";
import type { Secret } from "../domain/index.ts";
import type { Attempt } from "./look.ts";

/** The address in the configuration cannot be used. */
export class BadAddress extends Error {
  override readonly name = "BadAddress";
}

/** One row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A connected session. */
export interface MysqlSession {
  /** @throws what mysql2 throws */
  query(sql: string): Promise<readonly Row[]>;
  /** Tells the server that the session is over; does not wait. */
  goodbye(): void;
}

/** Connects. @throws BadAddress, or what mysql2 throws */
export async function openMysql(url: Secret, attempt: Attempt): Promise<MysqlSession> {
  const options = optionsOf(url);
  // Loaded at first use: commands that probe no MySQL do not pay for it.
  const { createConnection } = await import("mysql2");
  const socket = attempt.socket();
  socket.setNoDelay(true);
  const connection = createConnection({
    ...options,
    connectTimeout: attempt.timeLeft(),
    stream: () => socket.connect({ host: options.host ?? "localhost", port: options.port ?? DEFAULT_PORT }),
  });
  await new Promise<void>((resolve, reject) => {
    connection.once("connect", () => resolve());
    // Stays for the session's life: also said to whoever awaits a query, and without a listener it would end the process.
    connection.on("error", reject);
  });
  return {
    query: (sql) =>
      new Promise((resolve, reject) => {
        connection.query<RowDataPacket[]>(sql, (error, rows) => {
          if (error !== null) reject(error);
          else resolve(rows);
        });
      }),
    goodbye: () => connection.end(() => undefined),
  };
}

const DEFAULT_PORT = 3306;

function optionsOf(url: Secret): ConnectionOptions {
  const address = URL.canParse(url.reveal()) ? new URL(url.reveal()) : undefined;
  if (address === undefined || !/^(mysql|mysqls|mariadb|tidb):$/.test(address.protocol) || address.hostname === "")
    throw new BadAddress("its url is not of the form mysql://user:password@host:port/database");
  const ssl = sslOf(address);
  return {
    host: address.hostname.replace(/^\[(.+)\]$/, "$1"),
    port: address.port === "" ? DEFAULT_PORT : Number(address.port),
    user: decoded(address.username),
    password: decoded(address.password),
    database: decoded(address.pathname.slice(1)),
    ...(ssl === undefined ? {} : { ssl }),
  };
}

/**
 * TLS by the words in use for these addresses: `ssl-mode=REQUIRED` (mysql), `sslmode=require` (Go and JDBC habits), `ssl=true`,
 * or mysql2's own `ssl={"rejectUnauthorized":true}`. REQUIRED encrypts without verifying, as the mysql client does.
 */
function sslOf(address: URL): SslOptions | undefined {
  const given = (name: string): string => (address.searchParams.get(name) ?? "").toLowerCase().replace("-", "_");
  const mode = given("ssl-mode") || given("sslmode") || given("tls");
  switch (mode) {
    case "verify_identity":
    case "verify_full":
    case "verify_ca":
    case "true":
      return { rejectUnauthorized: true, verifyIdentity: mode !== "verify_ca" };
    case "required":
    case "require":
    case "skip_verify":
      return { rejectUnauthorized: false };
    case "disabled":
    case "disable":
    case "false":
      return undefined;
    default:
      break;
  }
  if (address.protocol === "mysqls:" || given("ssl") === "true")
    return { rejectUnauthorized: true, verifyIdentity: true };
  const json = address.searchParams.get("ssl");
  return json?.startsWith("{") === true ? sslFromJson(json) : undefined;
}

function sslFromJson(json: string): SslOptions {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    throw new BadAddress('the ssl parameter of its url is not JSON: use ssl={"rejectUnauthorized":true}');
  }
  const verify = !(
    typeof given === "object" &&
    given !== null &&
    "rejectUnauthorized" in given &&
    given.rejectUnauthorized === false
  );
  return { rejectUnauthorized: verify, verifyIdentity: verify };
}

function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadAddress("its url holds a % that is not an escape: write it as %25");
  }
}
