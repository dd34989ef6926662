import { randomBytes } from "node:crypto";
import type { Clock } from "../domain/index.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";
import type { AwsModel } from "./aws-model.ts";
import { queryService } from "./aws-query.ts";

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const DEFAULT_SECONDS = 3_600;

/** Security Token Service: roles of the model's account can be assumed, others can not. */
export function stsService(model: AwsModel, clock: Clock): AwsService {
  const roles = new Map<string, string>();
  return queryService("sts", NAMESPACE, {
    AssumeRole: (parameters) => {
      const role = parameters.required("RoleArn");
      const session = parameters.required("RoleSessionName");
      const [, , , , account, resource = ""] = role.split(":");
      if (account !== model.account || !resource.startsWith("role/")) {
        const who = `arn:aws:iam::${model.account}:user/corewatch`;
        const message = `User: ${who} is not authorized to perform: sts:AssumeRole on resource: ${role}`;
        throw new AwsFault("AccessDenied", message, 403);
      }
      const key = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
      const assumed = `arn:aws:sts::${account}:assumed-role/${resource.slice("role/".length)}/${session}`;
      roles.set(key, assumed);
      const seconds = Number(parameters.get("DurationSeconds") ?? DEFAULT_SECONDS);
      return {
        Credentials: {
          AccessKeyId: key,
          SecretAccessKey: randomBytes(20).toString("hex"),
          SessionToken: randomBytes(40).toString("base64"),
          Expiration: new Date(clock.now() + seconds * 1000).toISOString(),
        },
        AssumedRoleUser: { AssumedRoleId: `AROA${key.slice(4)}:${session}`, Arn: assumed },
      };
    },
    GetCallerIdentity: (_parameters, request) => ({
      Arn: roles.get(request.accessKeyId) ?? `arn:aws:iam::${model.account}:user/corewatch`,
      UserId: request.accessKeyId,
      Account: model.account,
    }),
  });
}
