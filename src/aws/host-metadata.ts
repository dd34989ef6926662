import { CloudError, type Clock, type HostNotice } from "../domain/index.ts";
import { recordIn } from "./host-notices.ts";

/** Asks the host that corewatch runs on whether it will go. */
export interface HostMetadata {
  /** Notices about this host that hold now. @throws CloudError when it cannot be asked */
  notices(signal: AbortSignal): Promise<readonly HostNotice[]>;
}

const ADDRESS = "http://169.254.169.254";
const TOKEN_SECONDS = 21_600;
/** A token is taken anew well before it ends, ms. */
const TOKEN_KEPT_MS = (TOKEN_SECONDS * 1000) / 2;
/** The endpoint is on the host itself: what takes longer is not there. */
const ANSWER_MS = 2_000;
const MAX_ANSWER = 4_096;

/** Asks the instance metadata service, version 2. `env` names another endpoint, or that there is none, as it does for the SDK. */
export function createHostMetadata(options: {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}): HostMetadata {
  const { clock, env } = options;
  const endpoint = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || ADDRESS).replace(/\/+$/, "");
  let token: { readonly value: string; readonly at: number } | undefined;
  let instance: string | undefined;

  async function call(
    path: string,
    init: { method: "GET" | "PUT"; headers: Record<string, string> },
    signal: AbortSignal,
  ) {
    try {
      const answer = await fetch(`${endpoint}/latest/${path}`, {
        ...init,
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      return { status: answer.status, text: (await answer.text()).slice(0, MAX_ANSWER) };
    } catch (error) {
      if (signal.aborted) throw new CloudError("cancelled", "asking the instance metadata was called off");
      const why = error instanceof Error ? error.name : String(error);
      throw new CloudError(
        "unreachable",
        `the instance metadata could not be asked (${why}): is this an EC2 instance?`,
      );
    }
  }

  async function tokenFor(signal: AbortSignal): Promise<string> {
    if (token !== undefined && clock.monotonic() - token.at < TOKEN_KEPT_MS) return token.value;
    const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) };
    const { status, text } = await call("api/token", { method: "PUT", headers }, signal);
    if (status !== 200) throw new CloudError("failed", `the instance metadata gave no token (status ${status})`);
    token = { value: text.trim(), at: clock.monotonic() };
    return token.value;
  }

  /** `undefined`: there is no such thing now. */
  async function read(path: string, signal: AbortSignal): Promise<string | undefined> {
    const headers = { "x-aws-ec2-metadata-token": await tokenFor(signal) };
    const { status, text } = await call(`meta-data/${path}`, { method: "GET", headers }, signal);
    if (status === 404) return undefined;
    if (status === 401) token = undefined;
    if (status !== 200) throw new CloudError("failed", `the instance metadata answered ${path} with status ${status}`);
    return text;
  }

  return {
    async notices(signal) {
      if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return [];
      instance ??= (await read("instance-id", signal))?.trim();
      if (instance === undefined) throw new CloudError("failed", "the instance metadata gave no instance id");
      const found: HostNotice[] = [];
      const action = await read("spot/instance-action", signal);
      if (action !== undefined) {
        const at = Date.parse(String(recordIn(action)?.["time"]));
        found.push({ kind: "spot-interruption", instance, at: Number.isNaN(at) ? null : at, state: null });
      }
      if ((await read("events/recommendations/rebalance", signal)) !== undefined)
        found.push({ kind: "rebalance-recommendation", instance, at: null, state: null });
      return found;
    },
  };
}
