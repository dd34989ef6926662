import { DEFAULTS, type Check } from "./check.ts";
import { failureOutcome, up } from "./outcome.ts";
import { startWatch } from "./request.ts";

/** A port that has to accept connections. */
export interface TcpInput {
  readonly host: string;
  readonly port: number;
}

/** Connects and hangs up: tells that something accepts, not what. */
export const tcp: Check<TcpInput> = {
  kind: "tcp",
  tells: "Whether a port accepts connections.",
  defaults: { ...DEFAULTS },

  targets: (fleet) =>
    fleet.endpoints.flatMap(({ id, url }) => {
      const parsed = URL.parse(url);
      if (parsed?.protocol !== "tcp:" || parsed.port === "") return [];
      const input = { host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(parsed.port) };
      return [{ target: { kind: "endpoint" as const, id, deployment: null }, input }];
    }),

  async probe({ host, port }, context) {
    const left = startWatch(context);
    const found = await context.net.tcp(host, port, left(), context.signal);
    if (!found.ok) return failureOutcome(found.failure, found.detail, found.phases);
    context.trace(`${found.remoteAddress ?? host} accepted the connection`);
    const { slowMs } = context.settings;
    if (slowMs === undefined || found.phases.total < slowMs) return up(found.phases);
    const detail = `${host}:${port} took ${Math.round(found.phases.total)} ms to accept, more than ${slowMs} ms`;
    return { health: "degraded", reason: "slow", detail, measures: {}, phases: found.phases };
  },
};
