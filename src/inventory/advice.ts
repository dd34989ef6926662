import { type Finder, idOf, mapAt, mapsAt, textAt } from "./finder.ts";
import { parsedUrl } from "./leaves.ts";
import { isAddress, isLoopback, parseListen } from "./listen.ts";
import { parseDuration } from "./duration.ts";
import type { Path } from "./located.ts";
import { adviseCertify } from "./advice-certify.ts";
import { isLiteralSecret, secretsIn } from "./secrets.ts";
import { isRecord } from "./yaml.ts";

/** A core whose database is away answers 500 after 5.0 s (facts of supertokens-core): a shorter deadline hides why. */
const DATABASE_TIMEOUT_MS = 5000;

/** What works and is probably not meant so. Reads what is there, so it runs on a broken configuration too. */
export function advise(config: unknown, find: Finder, fromOutside: (path: Path) => boolean, now: number): void {
  adviseSecrets(config, find, fromOutside);
  const listen = parseListen(textAt(mapAt(config, "web") ?? {}, "listen") ?? "");
  if (listen !== undefined && !isLoopback(listen.host)) {
    const hint = "listen on 127.0.0.1 behind a proxy that signs people in, or close the port to others";
    find.say("warning", ["web", "listen"], "anybody who reaches this port can look in", hint);
  }
  const timeout = parseDuration(textAt(mapAt(mapAt(config, "checks"), "hello") ?? {}, "timeout") ?? "");
  if (timeout !== undefined && timeout <= DATABASE_TIMEOUT_MS) {
    const message = "a core without its database answers after 5 s: this deadline makes that an indistinct timeout";
    find.say("warning", ["checks", "hello", "timeout"], message, "10s is the default");
  }
  for (const [path, deployment] of mapsAt(config, ["deployments"])) adviseDeployment(path, deployment, find, now);
  adviseSharedIds(config, find);
  adviseTelling(config, find);
  adviseMatches(config, find, now);
  if (
    !["deployments", "databases", "endpoints", "heartbeats"].some(
      (key) => isRecord(config) && config[key] !== undefined,
    )
  ) {
    find.say("warning", [], "there is nothing to watch", "add deployments:, databases:, endpoints: or heartbeats:");
  }
}

function adviseSecrets(config: unknown, find: Finder, fromOutside: (path: Path) => boolean): void {
  for (const { path, value } of secretsIn(config)) {
    if (fromOutside(path) || !isLiteralSecret(path, value)) continue;
    find.say("warning", path, "a secret stands in the file itself", 'write "${env:NAME}" or "${file:PATH}"');
  }
}

function adviseDeployment(path: Path, deployment: Record<string, unknown>, find: Finder, now: number): void {
  const address = parsedUrl(textAt(deployment, "connectionUri") ?? "", ["https", "http"]);
  if (address !== undefined && isAddress(address.hostname) && !isLoopback(address.hostname)) {
    const hint = "users' back ends use a name: give it, or the check dns and the certificate's name cannot be watched";
    find.say("warning", [...path, "connectionUri"], "is an address, not a name", hint);
  }
  const urls = new Map<string, string>();
  for (const [at, core] of mapsAt(deployment, ["cores"])) {
    const url = textAt(core, "url");
    if (url === undefined) continue;
    const earlier = urls.get(url);
    if (earlier !== undefined) {
      find.say(
        "warning",
        [...path, ...at, "url"],
        `the core "${earlier}" has the same url`,
        "give each core the address of its own host",
      );
    }
    urls.set(url, earlier ?? idOf(core) ?? "…");
  }
  if (deployment["alarms"] !== undefined && deployment["loadBalancer"] === undefined)
    find.say(
      "warning",
      [...path, "alarms"],
      "has no effect: the deployment names no load balancer",
      "add loadBalancer:",
    );
  adviseCertify(path, deployment, find);
  adviseWaivers(path, deployment, find, now);
}

/** A rule that was waived fails again from that day on. */
function adviseWaivers(path: Path, deployment: Record<string, unknown>, find: Finder, now: number): void {
  for (const [at, waiver] of mapsAt(mapAt(deployment, "audit"), ["waive"])) {
    const until = Date.parse(textAt(waiver, "until") ?? "");
    if (until > now || Number.isNaN(until)) continue;
    find.say("warning", [...path, "audit", ...at, "until"], "this waiver is over", "remove it, or renew it");
  }
}

/** TARGET on the command line is an id alone; the kind of check tells most apart, but not all. */
function adviseSharedIds(config: unknown, find: Finder): void {
  const owners = new Map<string, string>();
  const seen = (id: string, kind: string, path: Path): void => {
    const owner = owners.get(id);
    if (owner !== undefined && owner !== kind) {
      find.say(
        "warning",
        path,
        `the id "${id}" is also that of a ${owner}`,
        `"corewatch probe ${id} tls" could mean either: choose another`,
      );
    }
    owners.set(id, owner ?? kind);
  };
  for (const kind of ["deployment", "endpoint"]) {
    for (const [path, entry] of mapsAt(config, [`${kind}s`])) {
      const id = idOf(entry);
      if (id !== undefined) seen(id, kind, [...path, "id"]);
    }
  }
}

function adviseTelling(config: unknown, find: Finder): void {
  if (!isRecord(config) || config["slack"] !== undefined) return;
  const silent = config["fallback"] === undefined ? "nobody is told of incidents" : "incidents go to the fallback only";
  find.say("info", [], `there is no slack section: ${silent}`, "add slack: { token: …, channel: … }");
  for (const list of ["deployments", "endpoints", "heartbeats"]) {
    for (const [path, entry] of mapsAt(config, [list])) {
      if (entry["slack"] !== undefined)
        find.say(
          "warning",
          [...path, "slack"],
          "has no effect: the fleet has no slack section",
          "add slack: at the top",
        );
    }
  }
  for (const [path, step] of mapsAt(config, ["incidents", "escalate"])) {
    if (step["channel"] !== undefined)
      find.say(
        "warning",
        [...path, "channel"],
        "has no effect: the fleet has no slack section",
        "add slack: at the top",
      );
  }
}

function adviseMatches(config: unknown, find: Finder, now: number): void {
  const known = mapsAt(config, ["deployments"]).flatMap(([, entry]) => idOf(entry) ?? []);
  for (const list of ["silences", "maintenance"]) {
    for (const [path, entry] of mapsAt(config, [list])) {
      const wanted = isRecord(entry["match"]) ? textAt(entry["match"], "deployment") : undefined;
      const matched =
        wanted === undefined ||
        (wanted.endsWith("*") ? known.some((id) => id.startsWith(wanted.slice(0, -1))) : known.includes(wanted));
      if (!matched)
        find.say(
          "warning",
          [...path, "match", "deployment"],
          "no deployment has this id",
          "correct it, or remove the entry",
        );
      const until = Date.parse(textAt(entry, "until") ?? "");
      if (list === "silences" && until <= now)
        find.say("info", [...path, "until"], "this silence is over", "remove the entry");
    }
  }
}
