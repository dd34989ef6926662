import type { Clock, Log } from "../domain/index.ts";
import { acmService } from "./aws-acm.ts";
import { cloudFrontService } from "./aws-cloudfront.ts";
import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import { emptyEc2 } from "./aws-ec2-model.ts";
import { interruptSpot, launchInstance, settleAccount } from "./aws-ec2-life.ts";
import { createComputeServices, type ComputeServices } from "./aws-ec2-services.ts";
import { emptyEcs } from "./aws-ecs-model.ts";
import { logsService } from "./aws-logs.ts";
import type { AwsModel } from "./aws-model.ts";
import { route53Service } from "./aws-route53.ts";
import { s3Service } from "./aws-s3.ts";
import type { AwsService } from "./aws-server.ts";
import type { CoreFleet } from "./core-fleet.ts";
import { startDns, type SandboxDns } from "./dns-server.ts";
import { putRunbookAlarms } from "./fleets-account-alarms.ts";
import { furnishAccount } from "./fleets-account-furnish.ts";
import { createHostQueue, tellHosts, tellInterruption } from "./fleets-account-hosts.ts";
import { entryOf, recordOf } from "./fleets-account-names.ts";
import { QUICK_EC2, QUICK_ECS } from "./fleets-account-plan.ts";
import type { PlannedAccount } from "./fleets-account-plan.ts";
import { Tasks } from "./fleets-account-tasks.ts";
import type { FleetPlan } from "./fleets.ts";
import { ACCOUNT, REGION } from "./fleets-network.ts";
import type { TargetSpec } from "./load-balancer-targets.ts";

/** Everything in a fleet's account was made that long ago, ms. */
const AGE_MS = 3_600_000;

/** An account with nothing in it. */
export function emptyAccount(): AwsModel {
  return {
    account: ACCOUNT,
    loadBalancers: [],
    buckets: [],
    hostedZones: [],
    distributions: [],
    certificates: [],
    logGroups: [],
  };
}

/** What the account is built from. */
export interface AccountParts {
  readonly plan: FleetPlan;
  readonly model: AwsModel;
  readonly clock: Clock;
  readonly log: Log;
  readonly cores: CoreFleet;
}

/** The AWS account of a fleet that has more in it than load balancers: instances, tasks, buckets, names. */
export class FleetAccount {
  readonly #parts: AccountParts;
  readonly #account: PlannedAccount;
  readonly #compute: ComputeServices;
  readonly #tasks: Tasks;
  #dns: SandboxDns | undefined;
  #alarms: AlarmServices | undefined;

  constructor(parts: AccountParts, account: PlannedAccount) {
    this.#parts = parts;
    this.#account = account;
    const { model, clock } = parts;
    model.ec2 = emptyEc2(REGION, { timing: QUICK_EC2 });
    model.ecs = emptyEcs(QUICK_ECS);
    this.#compute = createComputeServices({ clock, model });
    this.#tasks = new Tasks(parts, account);
  }

  /** The services beside those of alarms and load balancers. */
  get services(): readonly AwsService[] {
    const { model } = this.#parts;
    const regional = [s3Service(model), acmService(model), logsService(model)];
    return [...this.#compute.services, ...regional, route53Service(model), cloudFrontService(model)];
  }

  /** `resolvers` of fleet.yaml. */
  get resolvers(): readonly string[] {
    return this.#dns === undefined ? [] : [this.#dns.server];
  }

  /** What listens at a port of an instance: a task's core or a planned one; `undefined`: nothing. */
  targetAt(instance: string, port: number): TargetSpec | undefined {
    return this.#tasks.targetAt(instance, port);
  }

  /** Fills the account once the load balancers are there; resolves when every task's core answers. */
  async start(alarms: AlarmServices): Promise<void> {
    const { plan, model, clock, log } = this.#parts;
    const account = this.#account;
    const now = clock.now();
    furnishAccount(account, model, clock);
    putRunbookAlarms(account, model, alarms, now);
    createHostQueue(model, alarms);
    this.#alarms = alarms;
    this.#tasks.prepare();
    for (const { host, publicIp, ...instance } of account.instances)
      launchInstance(model, {
        ...instance,
        ...(account.ecs === undefined ? {} : { group: account.ecs.cluster }),
        privateIp: host,
        publicIp,
        tags: { fleet: plan.name },
        at: now - AGE_MS,
      });
    model.onHappening = (happening) => this.#tasks.follow(happening);
    settleAccount(model, now);
    await this.#tasks.settled();
    const tell = tellHosts(model, alarms);
    model.onHappening = (happening) => {
      tell(happening);
      this.#tasks.follow(happening);
    };
    const balancers = account.names.map((one) => [one.name, entryOf(one, account, model)] as const);
    const own = model.loadBalancers.map(({ name, dnsName }) => {
      const host = account.balancers[name]?.host;
      return [dnsName.toLowerCase(), { addresses: host === undefined ? [] : [host] }] as const;
    });
    model.hostedZones?.push({
      id: "Z0SANDBOX00000000001",
      name: "sandbox.test.",
      records: account.names.flatMap((one) => recordOf(one, model)),
    });
    this.#dns = await startDns(new Map([...own, ...balancers]));
    this.#compute.start();
    log.debug("the sandbox's account is furnished", { names: account.names.length });
  }

  /** Announces that a spot instance will be taken, in its own metadata and by EventBridge. @throws Error for one that is none */
  interrupt(instance: string): void {
    const { model, clock } = this.#parts;
    interruptSpot(model, instance, clock.now());
    if (this.#alarms !== undefined) tellInterruption(model, this.#alarms, instance, clock.now());
  }

  async stop(): Promise<void> {
    this.#compute.stop();
    await this.#tasks.stop();
    await this.#dns?.stop();
  }
}
