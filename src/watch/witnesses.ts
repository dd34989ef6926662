import type { Task } from "../../checks/check.ts";
import { seriesKey } from "../domain/index.ts";
import type { CheckKind, Fleet, SeriesKey } from "../domain/index.ts";

/** Siblings asked for one failure: enough to tell one core from its host, zone or deployment. */
const MAX_SIBLINGS = 20;

/** Kinds whose failure is looked at a second time right away. Not those that ask AWS (throttled), write, or look at nothing. */
const CONFIRMED: ReadonlySet<CheckKind> = new Set([
  "hello",
  "jwks",
  "postgres",
  "mysql",
  "through-load-balancer",
  "tls",
  "dns",
  "tcp",
  "http",
]);

/** Whether a first failure of this kind is worth a second look right away. */
export function isConfirmed(check: CheckKind): boolean {
  return CONFIRMED.has(check);
}

/** Who else can say something about a failure. */
export interface Witnesses {
  /** The series to probe at once when `key` fails for the first time; never `key` itself. */
  of(key: SeriesKey): readonly SeriesKey[];
}

/**
 * Knows the witnesses of each series of the fleet: for a core, the way through the load balancer, what the load balancer
 * says, its database and its sibling cores; for a database, the cores that use it; for a load balancer or a
 * connectionUri, the cores behind it and the database.
 */
export function createWitnesses(fleet: Fleet, tasks: readonly Task[]): Witnesses {
  const hellos = new Map<string, SeriesKey[]>();
  const around = new Map<string, SeriesKey[]>();
  const databases = new Map<string, SeriesKey>();
  const subjects = new Map<SeriesKey, Task>();
  for (const task of tasks) {
    const key = seriesKey(task.target, task.check);
    subjects.set(key, task);
    const { deployment, kind, id } = task.target;
    if (kind === "database") databases.set(id, key);
    if (kind === "load-balancer" && deployment === null) {
      for (const user of usersOfBalancer(fleet, id)) push(around, user, key);
    }
    if (deployment === null) continue;
    if (task.check === "hello") push(hellos, deployment, key);
    if (AROUND.has(task.check)) push(around, deployment, key);
  }
  const databaseOf = new Map(fleet.deployments.map(({ id, database }) => [id, database]));
  const usersOf = Map.groupBy(fleet.deployments, ({ database }) => database);

  const ofDeployment = (deployment: string, key: SeriesKey): SeriesKey[] => {
    const database = databases.get(databaseOf.get(deployment) ?? "");
    const cores = from(hellos.get(deployment) ?? [], key);
    return [...(around.get(deployment) ?? []), ...(database === undefined ? [] : [database]), ...cores];
  };
  return {
    of(key) {
      const task = subjects.get(key);
      if (task === undefined) return [];
      const { kind, id, deployment } = task.target;
      const found =
        kind === "database"
          ? (usersOf.get(id) ?? []).flatMap((user) => (hellos.get(user.id) ?? []).slice(0, MAX_SIBLINGS))
          : (kind === "load-balancer" ? usersOfBalancer(fleet, id) : deployment === null ? [] : [deployment]).flatMap(
              (one) => ofDeployment(one, key),
            );
      return found.filter((one) => one !== key);
    },
  };
}

/** The deployments behind a load balancer: by its name, which is also the end of its ARN. */
function usersOfBalancer(fleet: Fleet, id: string): string[] {
  const [name = id] = id.split("@");
  return fleet.deployments
    .filter(({ loadBalancer }) => loadBalancer === name || loadBalancer?.split("/").at(-2) === name)
    .map((deployment) => deployment.id);
}

const AROUND: ReadonlySet<CheckKind> = new Set(["through-load-balancer", "load-balancer", "target-health"]);

function push(map: Map<string, SeriesKey[]>, id: string, key: SeriesKey): void {
  const list = map.get(id);
  if (list === undefined) map.set(id, [key]);
  else list.push(key);
}

/** The siblings that follow `key` in the fleet's order, around the end. */
function from(keys: readonly SeriesKey[], key: SeriesKey): SeriesKey[] {
  const at = keys.indexOf(key);
  return [...keys.slice(at + 1), ...keys.slice(0, Math.max(0, at))].slice(0, MAX_SIBLINGS);
}
