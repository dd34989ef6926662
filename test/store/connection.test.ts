import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreUnavailable } from "../../src/domain/index.ts";
import { Connection } from "../../src/store/connection.ts";
import { quietLog } from "../fakes/log.ts";
import { createDatabase } from "../support/database.ts";

const closers: (() => Promise<unknown>)[] = [];
/** Ways of every connection, each with its two ends. */
const lines: Socket[] = [];
let connection: Connection;

beforeEach(async () => {
  const database = await createDatabase();
  closers.push(() => database.drop());
  const { hostname, port } = new URL(database.url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
      lines.push(one);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.close();
    for (const line of lines.splice(0)) line.destroy();
  });
  const url = new URL(database.url);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  connection = new Connection({ url: url.toString(), log: quietLog(), redact: (text) => text });
  closers.push(() => connection.close());
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function cut(): void {
  for (const line of lines.splice(0)) line.resetAndDestroy();
}

test("a connection that breaks under a statement of a transaction is the store out of reach, not the end of the process", async () => {
  const work = connection.transaction(async (client) => {
    const asked = client.query("SELECT pg_sleep(10)");
    cut();
    await asked;
  });
  await expect(work).rejects.toThrow(StoreUnavailable);
  expect((await connection.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("so is one that breaks between two statements", async () => {
  const work = connection.transaction(async (client) => {
    const ended = once(client, "end");
    cut();
    await ended;
    await client.query("SELECT 1");
  });
  await expect(work).rejects.toThrow(StoreUnavailable);
  expect((await connection.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});
