import type { Clock, Timer } from "../domain/index.ts";
import { autoScalingService } from "./aws-autoscaling.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import { ec2Service } from "./aws-ec2.ts";
import { ecsService } from "./aws-ecs.ts";
import type { AwsModel } from "./aws-model.ts";
import type { AwsService } from "./aws-server.ts";

/** EC2, Auto Scaling and ECS of one account, and what makes its instances and tasks go on by themselves. */
export interface ComputeServices {
  readonly services: readonly AwsService[];
  /** From now on everything that falls due happens within `everyMs`, also while nobody asks. */
  start(): void;
  stop(): void;
}

/** Makes the services. Without `start` things happen at the next call of one of them. */
export function createComputeServices(options: {
  readonly clock: Clock;
  readonly model: AwsModel;
  /** 250 ms unless set. */
  readonly everyMs?: number;
}): ComputeServices {
  const { clock, model, everyMs = 250 } = options;
  let timer: Timer | undefined;
  const tick = (): void => {
    timer = clock.after(everyMs, tick);
    settleAccount(model, clock.now());
  };
  return {
    services: [ec2Service(model, clock), autoScalingService(model, clock), ecsService(model, clock)],
    start: () => {
      if (timer === undefined) tick();
    },
    stop: () => {
      timer?.clear();
      timer = undefined;
    },
  };
}
