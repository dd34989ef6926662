import { onTestFinished } from "vitest";
import type { AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws, type AwsService } from "../../src/sandbox/aws-server.ts";
import { systemClock } from "../../src/system/clock.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
/** Keys that the simulated account takes. */
export const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };

/** A running endpoint over a model, and what the SDK's clients are built with to reach it. */
export async function endpoint(model: Partial<AwsModel>, services: (model: AwsModel) => readonly AwsService[]) {
  const whole: AwsModel = { account: ACCOUNT, loadBalancers: [], ...model };
  const aws = await startAws({ clock: systemClock, services: services(whole) });
  onTestFinished(() => aws.stop());
  return { aws, model: whole, client: { endpoint: aws.url, region: REGION, credentials, maxAttempts: 1 } };
}
