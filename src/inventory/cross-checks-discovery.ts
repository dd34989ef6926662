import { type Finder, mapAt, mapsAt, textAt } from "./finder.ts";
import { DISCOVERIES } from "./leaves.ts";
import type { Path } from "./located.ts";
import { nearest } from "./nearest.ts";
import { isRecord } from "./yaml.ts";

type Discovery = (typeof DISCOVERIES)[number];

/** What each way of finding cores takes of its own. */
const OWN_KEYS: Readonly<Record<Discovery, readonly string[]>> = {
  "target-group": ["targetGroup"],
  ecs: ["container", "containerPort"],
  "control-database": ["query"],
  tags: ["tags", "ports"],
};

/** What it cannot do without: where it stands, and what to write. */
const NEEDS: Readonly<Record<Discovery, readonly (readonly [key: string, within: boolean, hint: string])[]>> = {
  "target-group": [["loadBalancer", false, "the name or ARN of the load balancer"]],
  ecs: [["ecs", false, "ecs: { cluster: …, service: … }"]],
  "control-database": [
    ["controlDatabase", false, "the id of a database of databases:"],
    ["query", true, "a SELECT that gives host and port of each core of the app $1"],
  ],
  tags: [
    ["tags", true, "like { app: acme }"],
    ["ports", true, "like [3567]"],
  ],
};

/** What no single place of a deployment shows about how it is found. */
export function checkDiscovery(path: Path, deployment: Record<string, unknown>, config: unknown, find: Finder): void {
  const { discover, cores, discovery } = deployment;
  const from = DISCOVERIES.find((one) => one === discover);
  if (discover === undefined) {
    if (cores === undefined)
      find.error(path, "lacks cores", "list them: cores: [{ id: …, url: … }], or say where they are found: discover:");
    if (discovery !== undefined)
      find.error([...path, "discovery"], "has no meaning without discover", "add discover, or remove it", "key");
  }
  if (from !== undefined) checkKeys(path, deployment, from, find);
  const wanted = textAt(deployment, "controlDatabase");
  const databases = mapAt(config, "databases");
  if (wanted === undefined || find.isUnresolved([...path, "controlDatabase"])) return;
  const database = mapAt(databases, wanted);
  const here = [...path, "controlDatabase"];
  if (database === undefined) {
    const near = nearest(wanted, Object.keys(databases ?? {}));
    const hint = near === undefined ? "add it below databases:" : `did you mean "${near}"?`;
    find.error(here, `there is no database "${wanted}"`, hint);
  } else if (textAt(database, "kind") === "mysql")
    find.error(here, "must be a postgres database", "the control database is read over PostgreSQL");
}

function checkKeys(path: Path, deployment: Record<string, unknown>, from: Discovery, find: Finder): void {
  const discovery = isRecord(deployment["discovery"]) ? deployment["discovery"] : {};
  for (const [key, within, hint] of NEEDS[from]) {
    if ((within ? discovery : deployment)[key] !== undefined) continue;
    const name = within ? `discovery.${key}` : key;
    find.error([...path, "discover"], `${from} needs ${name}`, `add ${name}: ${hint.replace(/^ecs: /, "")}`);
  }
  for (const [other, keys] of Object.entries(OWN_KEYS)) {
    if (other === from) continue;
    for (const key of keys) {
      if (discovery[key] === undefined) continue;
      const hint = `remove it, or discover: ${other}`;
      find.error([...path, "discovery", key], `${key} has no meaning for discover: ${from}`, hint, "key");
    }
  }
}

/** Waivers of rules that there are not. `rules`: all there are; `undefined`: that is not known here. */
export function checkWaivers(config: unknown, find: Finder, rules: readonly string[] | undefined): void {
  if (rules === undefined) return;
  for (const [path, deployment] of mapsAt(config, ["deployments"])) {
    const audit = mapAt(deployment, "audit");
    for (const [at, waiver] of mapsAt(audit, ["waive"])) {
      const here = [...path, "audit", ...at, "rule"];
      const rule = textAt(waiver, "rule");
      if (rule === undefined || rules.includes(rule) || find.isUnresolved(here)) continue;
      const near = nearest(rule, rules);
      const hint = near === undefined ? 'see "corewatch audit"' : `did you mean "${near}"?`;
      find.error(here, "there is no such rule", hint);
    }
  }
}
