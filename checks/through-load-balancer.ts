import { DEFAULTS, type Check } from "./check.ts";
import { judgeHello } from "./hello-answer.ts";
import { baseOf, get, startWatch, type Address } from "./request.ts";

const MAX_BODY_BYTES = 64 << 10;

/**
 * The way that users' back ends take: look-up, load balancer, any core. Always a fresh connection, so that successive
 * probes meet different nodes of the load balancer and different cores; one bad core among several shows as some failures
 * among the last ones, which is why the window counts and not failures in a row.
 */
export const throughLoadBalancer: Check<Address> = {
  kind: "through-load-balancer",
  tells: "Whether the deployment answers at its connectionUri, the address that users' back ends have.",
  defaults: { ...DEFAULTS, schedule: "*/10 * * * * *", failures: 2, window: 5 },

  targets: (fleet) =>
    fleet.deployments.map(({ id, connectionUri, host, tls }) => ({
      target: { kind: "deployment", id, deployment: id },
      input: { base: baseOf(connectionUri), host, tls },
    })),

  async probe(input, context) {
    const { connection } = context.settings;
    const left = startWatch(context);
    const result = await get(input, "/hello", { connection, timeoutMs: left(), maxBodyBytes: MAX_BODY_BYTES }, context);
    return judgeHello(result, `${input.base}/hello`, context.settings, context.clock.now(), {
      // What an application load balancer says when no target of the group may be sent requests.
      503: ["down", "no-healthy-target", "503: the load balancer has no healthy target"],
    });
  },
};
