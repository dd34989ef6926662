import type { SignIn } from "../domain/index.ts";
import type { DeploymentSight } from "./sight.ts";

/**
 * Whether users of a deployment can sign in. The session check is the best witness: settled down it is believed; settled
 * up only when it looked again after the trouble began (`since`, epoch ms). Without it: the way through the load balancer,
 * then the cores. `databaseDown`: the database is known to be gone or read-only, which no hello can contradict.
 */
export function signInOf(sight: DeploymentSight, since: number, databaseDown: boolean): SignIn {
  const { session, through, cores } = sight;
  if (session?.health === "down") return "no";
  if (session?.health === "up" && session.latest?.health === "up" && session.latest.at >= since) return "yes";
  if (databaseDown) return "no";
  if (session?.health === "degraded") return "partly";
  if (through?.health === "down") return "no";
  if (through?.health === "degraded" && through.reason === "partial-failure") return "partly";
  const seenSince = through?.health === "up" && through.latest?.health === "up" && through.latest.at >= since;
  if (seenSince) return "yes";
  const failing = cores.filter((one) => one.fails).length;
  const answering = cores.filter((one) => one.answers).length;
  if (failing + answering === 0) return "unknown";
  if (failing === 0) return through === undefined || through.health === "up" ? "yes" : "unknown";
  if (answering > 0) return "partly";
  return failing === cores.filter((one) => one.fails || !one.isAbsent).length ? "no" : "unknown";
}
