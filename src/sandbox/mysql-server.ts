import { Server } from "node:net";
import { type Connection, createServer } from "mysql2";
import type { SandboxDatabase } from "./database.ts";
import { boundPort } from "./files.ts";

/** A database that speaks MySQL's protocol, as far as one looks at its health. */
export interface SandboxMysql {
  /** `mysql://supertokens:…@127.0.0.1:41000/supertokens` */
  readonly url: string;
  stop(): Promise<void>;
}

/** All but CLIENT_SSL, CLIENT_DEPRECATE_EOF and CLIENT_QUERY_ATTRIBUTES. */
const CAPABILITIES = 0xf6_ff_f7_ff;
const VERSION = "8.0.11-TiDB-v8.5.0";
const SYNTAX_ERROR = 1064;
const TEXT = { catalog: "def", schema: "", table: "", orgTable: "", characterSet: 45, columnLength: 255 } as const;

/** What the library's server can write besides what its types name. */
interface Writer {
  writeColumns(columns: readonly object[]): void;
  writeTextRow(values: readonly string[]): void;
  writeEof(): void;
}

/** Starts it as the face of the fleet's real database: where that does not run, nobody gets in. */
export async function startMysql(options: {
  readonly maxConnections: number;
  readonly behind: SandboxDatabase;
}): Promise<SandboxMysql> {
  const { maxConnections, behind } = options;
  const server = createServer(() => undefined);
  const connections = new Set<Connection>();
  server.on("connection", (connection) => {
    if (behind.state !== "running") {
      connection.destroy();
      return;
    }
    connections.add(connection);
    connection.on("error", () => connections.delete(connection));
    connection.on("end", () => connections.delete(connection));
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: VERSION,
      connectionId: 1,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: CAPABILITIES,
      authCallback: (_params: unknown, done: (error: null) => void) => {
        done(null);
        number(connection, 0);
      },
    });
    connection.on("query", (sql: string) => {
      if (behind.state !== "running") connection.destroy();
      else {
        number(connection, 1);
        reply(connection, sql, { maxConnections, used: connections.size });
        number(connection, 0);
      }
    });
  });
  // Its types know only listen(port): the server inside is asked for the port it got.
  const inner: unknown = Reflect.get(server, "_server");
  if (!(inner instanceof Server)) throw new Error("the library keeps its server elsewhere");
  await new Promise<void>((resolve, reject) => {
    inner.once("error", reject);
    inner.listen(0, "127.0.0.1", resolve);
  });
  const { username, password } = new URL(behind.url);
  return {
    url: `mysql://${username}:${password}@127.0.0.1:${boundPort(inner)}/supertokens`,
    stop: async () => {
      for (const connection of connections) connection.destroy();
      await new Promise<void>((resolve) => void inner.close(() => resolve()));
    },
  };
}

/** Each command numbers its packets anew, which the library's server leaves to its user. */
function number(connection: Connection, sequenceId: number): void {
  Object.assign(connection, { sequenceId });
}

function reply(
  connection: Connection & Partial<Writer>,
  sql: string,
  { maxConnections, used }: { readonly maxConnections: number; readonly used: number },
): void {
  const rows = (names: readonly string[], values: readonly (readonly string[])[]): void => {
    connection.writeColumns?.(
      names.map((name) => ({ ...TEXT, name, orgName: name, columnType: 253, flags: 0, decimals: 0 })),
    );
    for (const row of values) connection.writeTextRow?.(row);
    connection.writeEof?.();
  };
  const named = ["Variable_name", "Value"];
  if (sql.startsWith("SHOW GLOBAL VARIABLES"))
    rows(named, [
      ["version", VERSION],
      ["max_connections", String(maxConnections)],
      ["tidb_super_read_only", "OFF"],
    ]);
  else if (sql.startsWith("SHOW GLOBAL STATUS")) rows(named, [["Threads_connected", String(used)]]);
  else if (sql.startsWith("SELECT")) rows(["found"], [["5"]]);
  else connection.writeError({ code: SYNTAX_ERROR, message: "You have an error in your SQL syntax" });
}
