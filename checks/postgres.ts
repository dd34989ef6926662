import { DEFAULTS, type Check } from "./check.ts";
import { databaseTargets, probeDatabase, type DatabaseInput } from "./database.ts";

/** Asks the database itself, since a core's hello can answer without touching it. */
export const postgres: Check<DatabaseInput> = {
  kind: "postgres",
  tells:
    "Whether Postgres takes connections, reads and is writable, how far replication is behind, and whether its connections suffice for the cores' pools.",
  defaults: { ...DEFAULTS, schedule: "*/15 * * * * *" },
  targets: (fleet) => databaseTargets(fleet, "postgres"),
  probe: (input, context) => probeDatabase(input, context.postgres, context),
};
