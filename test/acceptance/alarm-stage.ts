import type { TestContext } from "vitest";
import type { PlanDocument } from "../../alarms/json.ts";
import { createAlarmReader } from "../../src/aws/alarm-reader.ts";
import { createAlarmWriter } from "../../src/aws/alarm-writer.ts";
import type { AlarmReader, AlarmWriter, CloudCall, ObservedAlarm } from "../../src/domain/index.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import { createAlarmServices, type AlarmServices } from "../../src/sandbox/aws-cloudwatch-services.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws, type SandboxAws } from "../../src/sandbox/aws-server.ts";
import { systemClock } from "../../src/system/clock.ts";
import { Program } from "./program.ts";
import { openStage, type FleetFile, type Stage } from "./stage.ts";

/** Region and account of everything here. */
export const PLACE = { region: "eu-west-1", roleArn: undefined };
const ACCOUNT = "123456789012";
const KEYS = { accessKeyId: "AKIDACCEPTANCE", secretAccessKey: "secret-of-acceptance" };
/** Somebody at the AWS console: no pacing, no second tries. */
const BY_HAND: CloudCall = { signal: new AbortController().signal, send: (_operation, request) => request() };

/** A fleet of load balancers in an AWS account of its own, for `corewatch alarms`. */
export interface AlarmStage extends Stage {
  readonly aws: SandboxAws;
  readonly services: AlarmServices;
  /** Adds load balancers to the account, each with these target groups (one of its own name unless told). */
  addBalancer(name: string, groups?: readonly string[]): void;
  /** Writes fleet.yaml with one deployment behind each of these load balancers. */
  fleet(ids: readonly string[], more?: FleetFile): Promise<void>;
  /** `corewatch alarms …`; its JSON where it was asked for. */
  alarms(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** `corewatch alarms plan --detailed-exitcode --format json` */
  plan(...args: string[]): Promise<{ code: number | null; plan: PlanDocument }>;
  /** Starts a command that the test does something to while it runs. */
  begin(...args: string[]): Program;
  /** What somebody does by hand. */
  readonly hand: {
    alarm(name: string): Promise<ObservedAlarm>;
    put: (definition: Parameters<AlarmWriter["putMetricAlarm"]>[1]) => Promise<void>;
    delete(...names: string[]): Promise<void>;
  };
  /** Names of the alarms that stand, sorted. */
  names(): string[];
  /** Calls that changed something, so far. */
  writes(): string[];
}

/** Sets it up; everything is gone with its test. */
export async function openAlarmStage(context: TestContext): Promise<AlarmStage> {
  const stage = await openStage(context, 0);
  const clock = systemClock;
  const model: AwsModel = { account: ACCOUNT, loadBalancers: [] };
  const services = await createAlarmServices({ clock, ticker: createTicker({ clock }), model });
  stage.later(() => services.stop());
  const aws = await startAws({ clock, services: [elbv2Service(model), ...services.services] });
  stage.later(() => aws.stop());
  Object.assign(stage.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
  });
  const own = { endpoint: aws.url, credentials: KEYS };
  const reader: AlarmReader = createAlarmReader(own);
  const writer: AlarmWriter = createAlarmWriter(own);
  const standing = () => [...services.cloudwatch.region(PLACE.region).alarms.values()];

  return {
    ...stage,
    aws,
    services,
    addBalancer(name, groups = [name]) {
      model.loadBalancers.push(
        awsLoadBalancer({
          region: PLACE.region,
          account: ACCOUNT,
          name,
          zones: ["eu-west-1a", "eu-west-1b"],
          protocol: "HTTPS",
          port: 443,
          targetGroups: groups.map((group) => ({ name: group, port: 3567, targets: () => [] })),
        }),
      );
    },
    fleet: (ids, more = {}) =>
      stage.write({
        region: PLACE.region,
        slack: undefined,
        checks: {},
        deployments: ids.map((id) => ({
          id,
          app: id,
          kind: "production",
          connectionUri: `https://${id}.example.com`,
          loadBalancer: id,
          cores: [{ id: "core-1", url: "http://10.0.0.1:3567" }],
        })),
        ...more,
      }),
    alarms: (...args) => stage.run("alarms", ...args),
    async plan(...args) {
      const { code, stdout, stderr } = await stage.run(
        ..."alarms plan --detailed-exitcode --format json".split(" "),
        ...args,
      );
      if (stdout === "") throw new Error(`no plan: ${stderr}`);
      return { code, plan: JSON.parse(stdout) as PlanDocument };
    },
    begin: (...args) => new Program(["alarms", ...args], stage),
    hand: {
      async alarm(name) {
        const [found] = await reader.alarmsNamed(PLACE, [name], BY_HAND);
        if (found === undefined) throw new Error(`there is no alarm ${name}`);
        return found;
      },
      put: (definition) => writer.putMetricAlarm(PLACE, definition, {}, BY_HAND),
      delete: (...names) => writer.deleteAlarms(PLACE, names, BY_HAND),
    },
    names: () =>
      standing()
        .map((one) => one.arn.slice(one.arn.indexOf(":alarm:") + ":alarm:".length))
        .sort(),
    writes: () =>
      aws.calls.map((call) => `${call.service}:${call.action}`).filter((name) => !/:(Describe|List|Get)/.test(name)),
  };
}
