import type { Clock, Log } from "../domain/index.ts";
import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import type { AwsModel } from "./aws-model.ts";
import type { SandboxAws } from "./aws-server.ts";
import type { SandboxCore } from "./core-fleet.ts";
import type { SandboxDatabase } from "./database.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";
import type { SandboxSlack } from "./slack-server.ts";

/** How a sandbox is set up. */
export interface SandboxOptions {
  /** Folder of everything it keeps; its fleet.yaml and env are written here. */
  readonly dir: string;
  /** How many cores. */
  readonly cores: number;
  /** Which ready-made fleet; `sandbox` unless set. */
  readonly fleet?: string;
  /** `web.listen` of the fleet.yaml; 127.0.0.1:8090 unless set. */
  readonly listen?: string;
  /** `alarms.autoApply` of the fleet.yaml; off unless set. */
  readonly autoApply?: "safe";
  /** Remove the folder and the database's data when it stops. */
  readonly passing?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Something that was done to the fleet. `at` is epoch ms. */
export interface SandboxEvent {
  readonly at: number;
  readonly text: string;
}

/** A running simulated fleet. It listens on loopback only, and ends with the process that started it. */
export interface Sandbox {
  readonly dir: string;
  readonly fleet: string;
  /** corewatch is to remember it, as one that it has watched for a while. */
  readonly watched: boolean;
  readonly configFile: string;
  readonly envFile: string;
  /** What the env file holds. */
  readonly env: Readonly<Record<string, string>>;
  readonly slack: SandboxSlack;
  readonly aws: SandboxAws;
  readonly awsModel: AwsModel;
  /** CloudWatch, SNS and SQS of that account. */
  readonly alarms: AlarmServices;
  readonly database: SandboxDatabase;
  /** By deployment. */
  readonly loadBalancers: ReadonlyMap<string, SandboxLoadBalancer>;
  readonly events: readonly SandboxEvent[];
  cores(): readonly SandboxCore[];
  /** The address that users' back ends have. */
  connectionUri(deployment: string): string;
  /** As crashes do, all at once. */
  killCore(...ids: string[]): Promise<void>;
  startCore(...ids: string[]): Promise<void>;
  freezeCore(id: string): void;
  thawCore(id: string): void;
  /** One core more for a deployment, registered with its load balancer and written into fleet.yaml. */
  addCore(deployment: string): Promise<SandboxCore>;
  /** Takes a core out of fleet.yaml and its load balancer; it ends when it is drained. @throws Error when it is the last one. */
  removeCore(id: string): Promise<void>;
  /** AWS says that it will take a spot instance, and takes it. @throws Error for one that is none */
  interruptInstance(id: string): void;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  freezeDatabase(): Promise<void>;
  thawDatabase(): Promise<void>;
  /** The render worker reports to the corewatch at this address from now on. */
  beatTo(webUrl: string): void;
  /** The render worker falls silent. */
  stopBeating(): void;
  stop(): Promise<void>;
}
