import { Client } from "pg";
import { expect, test } from "vitest";
import { createDatabase } from "../support/database.ts";

test("a test gets a database of its own, and dropping it ends whoever is still connected", async () => {
  const database = await createDatabase();
  const client = new Client({ connectionString: database.url });
  const cut = new Promise((resolve) => void client.on("error", resolve));
  await client.connect();
  const { rows } = await client.query("SELECT current_database() AS name");
  expect(database.url.endsWith(`/${rows[0].name}`)).toBe(true);
  await database.drop();
  await cut;
  await database.drop();
});
