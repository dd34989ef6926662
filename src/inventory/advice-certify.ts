import { type Finder, mapAt, mapsAt, textAt } from "./finder.ts";
import { parsedUrl } from "./leaves.ts";
import { isLoopback } from "./listen.ts";
import type { Path } from "./located.ts";
import { isRecord } from "./yaml.ts";

/** Stages whose arrivals are not judged: their figures are thrown away, or are autocannon's. */
const UNJUDGED = ["warm-up", "ceiling", "tune", "fill"];

/** What works in `certify` and `scale`, and is probably not meant so. */
export function adviseCertify(path: Path, deployment: Record<string, unknown>, find: Finder): void {
  const certify = mapAt(deployment, "certify");
  const targets = certify?.["targets"];
  for (const [index, target] of Array.isArray(targets) ? targets.entries() : []) {
    if (typeof target !== "string" || !/\/0+$/.test(target)) continue;
    const hint = "name the networks of the deployment alone: this is what keeps load from strangers";
    find.say("warning", [...path, "certify", "targets", index], "allows load on any address", hint);
  }
  for (const [at, window] of mapsAt(mapAt(certify, "thresholds"), ["windows"])) {
    if (!UNJUDGED.includes(textAt(window, "stage") ?? "")) continue;
    const here = [...path, "certify", "thresholds", ...at, "stage"];
    find.say("warning", here, "has no effect: no arrivals are judged in this stage", "name another stage");
  }
  const survival = mapAt(certify, "survival");
  const { cores } = deployment;
  // No error: a deployment that shrinks to one core must still be watched.
  if (survival !== undefined && Array.isArray(cores) && cores.length < 2) {
    const hint = "add a core, or remove survival";
    const message = "needs at least two cores: all but one are taken away";
    find.say("warning", [...path, "certify", "survival"], message, hint, "key");
  }
  const scale = mapAt(deployment, "scale");
  for (const key of ["away", "back"]) adviseRequest([...path, "certify", "survival", key], mapAt(survival, key), find);
  adviseRequest([...path, "scale"], scale, find);
  adviseRequest([...path, "scale", "remove"], mapAt(scale, "remove"), find);
}

/** Parameters and headers that anybody on the way can read. */
function adviseRequest(path: Path, hook: Record<string, unknown> | undefined, find: Finder): void {
  const request = mapAt(hook, "request");
  if (request === undefined) return;
  const url = parsedUrl((textAt(request, "url") ?? "").replaceAll(/\{\{\w*\}\}/g, "x"), ["http"]);
  const sends = [request["params"], request["headers"]].some((one) => isRecord(one) && Object.keys(one).length > 0);
  if (url === undefined || isLoopback(url.hostname) || !sends) return;
  const hint = "use https://, or an address of this machine";
  find.say("warning", [...path, "request", "url"], "is not encrypted: what it sends can be read on the way", hint);
}
