import { outboxConformance } from "../conformance/store-outbox.ts";
import { storeConformance } from "../conformance/store.ts";
import type { StoreUnderTest } from "../conformance/store.ts";
import { createDatabase } from "../support/database.ts";
import { storeAt } from "./stores.ts";

async function postgresStore(): Promise<StoreUnderTest> {
  const database = await createDatabase();
  const store = await storeAt(database.url);
  await store.migrate();
  const other = await storeAt(database.url);
  return {
    store,
    other,
    async close() {
      await Promise.all([store.close(), other.close()]);
      await database.drop();
    },
  };
}

storeConformance("Postgres", postgresStore);
outboxConformance("Postgres", postgresStore);
