import type { PlannedDeployment } from "./fleets.ts";

/** Variable of the env file that holds the operator's password. */
export const OPERATOR_PASSWORD = "SANDBOX_OPERATOR_PASSWORD";

/** `certify` and `scale` of one deployment: its cores are killed, started, added and removed by the fleet's operator. */
export function certifySections(deployment: PlannedDeployment, operatorUrl: string): Record<string, unknown> {
  if (deployment.certified === undefined) return {};
  if (!deployment.certified) return { certify: { allowed: false } };
  const password = `\${env:${OPERATOR_PASSWORD}}`;
  const toCore = (verb: string): Record<string, unknown> => ({
    request: {
      url: `${operatorUrl}/cores/{{deployment}}/{{core}}/${verb}`,
      headers: { authorization: `Bearer ${password}` },
    },
  });
  return {
    certify: {
      allowed: true,
      // Every sandbox has a network of its own there.
      targets: ["127.0.0.0/8"],
      coreHeader: "x-served-by",
      survival: { away: toCore("kill"), back: toCore("start") },
    },
    scale: {
      request: {
        url: `${operatorUrl}/0/manual/app/scale/deployment`,
        params: { password, appId: "{{app}}", scaleTo: "{{cores}}", deploymentToScale: "{{deployment}}" },
      },
      remove: toCore("remove"),
    },
  };
}
