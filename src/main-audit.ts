import { CloudPacer } from "../alarms/rate.ts";
import { paceAccount } from "../alarms/read.ts";
import { createAlarmReader } from "./aws/alarm-reader.ts";
import { createAuditCloud } from "./aws/audit-cloud.ts";
import type { AuditWorld, Doors } from "./cli/doors.ts";
import { createControlDatabase } from "./databases/source-control.ts";
import type { DatabaseFacts, Deployment, Fleet, Log } from "./domain/index.ts";
import { createPorts } from "./main-ports.ts";
import { createOwnKnowledge } from "./watch/audit-knowledge.ts";

/** Of one look at a database, and of one look-up of a name, ms. */
const DATABASE_MS = 10_000;
const NAME_MS = 5_000;

/** Joins what the checklist looks at the world with. The store is opened by the first rule that asks it. */
export function createAuditWorld(
  { fleet, configPath, log }: { readonly fleet: Fleet; readonly configPath: string; readonly log: Log },
  doors: Doors,
): AuditWorld {
  const { clock, signal } = doors;
  const ports = createPorts(clock, fleet);
  const looks = new Map<string, Promise<DatabaseFacts>>();
  let opened: ReturnType<Doors["openStore"]> | undefined;
  const knowledge = async (): Promise<ReturnType<typeof createOwnKnowledge>> => {
    opened ??= doors.openStore(fleet, configPath, log);
    return createOwnKnowledge((await opened).store, clock.now());
  };

  async function look(deployment: Deployment): Promise<DatabaseFacts> {
    const database = fleet.databases.find((one) => one.id === deployment.database);
    if (database === undefined) throw new Error(`fleet.yaml has no database ${deployment.database ?? ""}`);
    const prober = database.kind === "postgres" ? ports.postgres : ports.mysql;
    const found = await prober.look(database.url, DATABASE_MS, signal);
    if (!found.ok) throw new Error(`database ${database.id}: ${found.detail}`);
    return found.facts;
  }

  const pacer = new CloudPacer(clock);
  const reader = createAlarmReader({});
  return {
    cloud: createAuditCloud({
      clock,
      pacer: {
        send: async (place, operation, request) =>
          pacer.call(paceAccount(place), await reader.region(place), signal).send(operation, request),
      },
      signal,
    }),
    control: createControlDatabase({ databases: fleet.databases, clock }),
    own: {
      certificates: async (deployment) => (await knowledge()).certificates(deployment),
      observed: async () => (await knowledge()).observed(),
      lastDrill: async () => (await knowledge()).lastDrill(),
    },
    database(deployment) {
      const key = deployment.database ?? "";
      const known = looks.get(key) ?? look(deployment);
      looks.set(key, known);
      return known;
    },
    async resolve(name) {
      const found = await ports.net.dns(name, NAME_MS, signal);
      if (found.ok) return found.addresses;
      if (found.failure === "dns-not-found") return [];
      throw new Error(`${name} could not be looked up: ${found.detail}`);
    },
    async close() {
      await ports.close();
      await (await opened?.catch(() => undefined))?.stop();
    },
  };
}
