import { DEFAULTS, type Check } from "./check.ts";
import { databaseTargets, probeDatabase, type DatabaseInput } from "./database.ts";

/** Asks the database itself, since a core's hello can answer without touching it. */
export const mysql: Check<DatabaseInput> = {
  kind: "mysql",
  tells:
    "Whether MySQL or TiDB takes connections, reads and is writable, how far replication is behind, and whether its connections suffice for the cores' pools.",
  defaults: { ...DEFAULTS, schedule: "*/15 * * * * *" },
  targets: (fleet) => databaseTargets(fleet, "mysql"),
  probe: (input, context) => probeDatabase(input, context.mysql, context),
};
