import type { Client } from "pg";
import type { Secret } from "../domain/index.ts";
import type { Attempt } from "./look.ts";

/** The address in the configuration cannot be used. */
export class BadAddress extends Error {
  override readonly name = "BadAddress";
}

/**
 * Connects. `sslmode` means what it means to libpq, and so to the tools people copy these addresses from: `require` encrypts
 * without verifying, `verify-full` verifies, `prefer` falls back to plain where the server has no TLS. Without it: plain.
 */
export async function openPostgres(url: Secret, attempt: Attempt): Promise<Client> {
  const address = parse(url);
  const mode = address.searchParams.get("sslmode");
  if (mode === "verify-ca" && !address.searchParams.has("sslrootcert")) {
    // Without an authority of its own, verify-ca would trust any public certificate of any name.
    address.searchParams.set("sslmode", "verify-full");
  }
  if (mode === "allow") address.searchParams.set("sslmode", "prefer");
  if (mode !== null && mode !== "no-verify") address.searchParams.set("uselibpqcompat", "true");
  try {
    return await connect(address, attempt);
  } catch (error) {
    if ((mode !== "prefer" && mode !== "allow") || !hasNoTls(error)) throw error;
    address.searchParams.set("sslmode", "disable");
    return await connect(address, attempt);
  }
}

async function connect(address: URL, attempt: Attempt): Promise<Client> {
  // Loaded at first use: commands that probe no Postgres do not pay for it.
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    connectionString: address.href,
    application_name: "corewatch",
    stream: () => attempt.socket(),
  });
  // Also said to whoever awaits connect() or a query; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

function parse(url: Secret): URL {
  const address = URL.canParse(url.reveal()) ? new URL(url.reveal()) : undefined;
  if (address === undefined || !/^postgres(ql)?:$/.test(address.protocol))
    throw new BadAddress("its url is not of the form postgres://user:password@host:port/database");
  return address;
}

function hasNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === "The server does not support SSL connections";
}
