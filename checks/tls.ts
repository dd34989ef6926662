import type { Target, TlsSettings } from "../src/domain/index.ts";
import { DEFAULTS, type Check } from "./check.ts";
import { certificateDays, certificateTrouble, failureOutcome, up } from "./outcome.ts";
import { startWatch } from "./request.ts";

/** One TLS listener, and the name that its certificate has to bear. */
export interface TlsInput {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSettings;
}

/** A certificate does not change by the second; five minutes also tell a failed renewal early enough. */
export const tls: Check<TlsInput> = {
  kind: "tls",
  tells: "Whether the handshake works, the certificate is trusted and bears the right name, and for how many days.",
  defaults: { ...DEFAULTS, schedule: "0 */5 * * * *" },

  targets: (fleet) => [
    ...fleet.deployments.flatMap(({ id, connectionUri, tls }) =>
      listener(connectionUri, tls, { kind: "deployment", id, deployment: id }),
    ),
    ...fleet.endpoints.flatMap(({ id, url, tls }) => listener(url, tls, { kind: "endpoint", id, deployment: null })),
  ],

  async probe({ host, port, tls }, context) {
    const { net, settings, signal, clock } = context;
    const left = startWatch(context);
    const found = await net.tls(host, port, tls, left(), signal);
    if (!found.ok) return failureOutcome(found.failure, found.detail, found.phases);
    const now = clock.now();
    const measures = { certificateDays: certificateDays(found.certificate, now) };
    const trouble = certificateTrouble(found.certificate, now, settings.certificateDays);
    if (trouble === undefined) return up(found.phases, measures);
    const detail = `${host}:${port} as ${tls.serverName}: ${trouble.detail}`;
    return { health: "degraded", reason: trouble.reason, detail, measures, phases: found.phases };
  },
};

function listener(
  url: string,
  settings: TlsSettings | undefined,
  target: Target,
): readonly { readonly target: Target; readonly input: TlsInput }[] {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "https:") return [];
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const tls = settings ?? { ca: undefined, verify: true, serverName: host };
  return [{ target, input: { host, port: parsed.port === "" ? 443 : Number(parsed.port), tls } }];
}
