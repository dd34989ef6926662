import { randomBytes } from "node:crypto";
import { OPERATOR_PASSWORD } from "./fleets-certify.ts";
import { REGION } from "./fleets-network.ts";

/** Addresses and secrets of a running sandbox. */
export interface EnvironmentParts {
  readonly slack: { readonly token: string; readonly url: string };
  readonly awsUrl: string;
  readonly awsSecret: string;
  readonly databaseUrl: string;
  /** Of the database with the hosted fleet's tables; `undefined`: there is none. */
  readonly controlUrl: string | undefined;
  readonly apiKey: string;
  readonly heartbeatToken: string;
  readonly operatorPassword: string;
}

/** The variables that its fleet.yaml and the SDKs read. */
export function environment(parts: EnvironmentParts): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: parts.slack.token,
    COREWATCH_SLACK_API_URL: parts.slack.url,
    SANDBOX_DATABASE_URL: parts.databaseUrl,
    ...(parts.controlUrl === undefined ? {} : { SANDBOX_CONTROL_URL: parts.controlUrl }),
    SANDBOX_API_KEY: parts.apiKey,
    SANDBOX_HEARTBEAT_TOKEN: parts.heartbeatToken,
    [OPERATOR_PASSWORD]: parts.operatorPassword,
    AWS_ENDPOINT_URL: parts.awsUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "AKIASANDBOXSANDBOX00",
    AWS_SECRET_ACCESS_KEY: parts.awsSecret,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** The env file: one NAME=value a line. */
export function renderEnv(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** A new password, key or token. */
export function secret(): string {
  return randomBytes(18).toString("hex");
}
