import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import type { AwsModel } from "./aws-model.ts";
import type { SandboxAws } from "./aws-server.ts";
import { issueCertificate } from "./certificates.ts";
import { startOperator } from "./control.ts";
import type { Operator } from "./control.ts";
import { CoreFleet } from "./core-fleet.ts";
import type { SandboxCore } from "./core-fleet.ts";
import { startDatabase } from "./database.ts";
import type { SandboxDatabase } from "./database.ts";
import { claimFolder, removeStoreOf, writeWhole } from "./files.ts";
import { planFleet } from "./fleets.ts";
import { alarmQueueArn } from "./fleets-alarms.ts";
import type { FleetPlan } from "./fleets.ts";
import { RenderWorker, startLandingPage } from "./fleets-extras.ts";
import type { Sandbox, SandboxEvent, SandboxOptions } from "./fleets-running.ts";
import { emptyAccount } from "./fleets-account.ts";
import type { FleetAccount } from "./fleets-account.ts";
import { hostQueueArn } from "./fleets-account-hosts.ts";
import { targetOf } from "./fleets-balancers.ts";
import { startCloud } from "./fleets-cloud.ts";
import { createControlTables } from "./fleets-control.ts";
import { environment, renderEnv, secret } from "./fleets-env.ts";
import { renderFleet } from "./fleets-file.ts";
import { certificateNames, claimNetwork, relocate } from "./fleets-network.ts";
import { deploymentOf, named, nextCore, onceDrained, withCores } from "./fleets-scale.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";
import { startMysql } from "./mysql-server.ts";
import type { SandboxMysql } from "./mysql-server.ts";
import { startSlack } from "./slack-server.ts";
import type { SandboxSlack } from "./slack-server.ts";

const LOOPBACK = "127.0.0.1";

export type { Sandbox, SandboxOptions };

/** Starts a fleet with all that is around it. @throws Error when a part cannot start; nothing is left running then. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const running = new Running(options, planFleet(options.fleet ?? "sandbox", options.cores));
  try {
    await running.start();
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

class Running implements Sandbox {
  readonly #options: SandboxOptions;
  #plan: FleetPlan;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #events: SandboxEvent[] = [];
  loadBalancers: ReadonlyMap<string, SandboxLoadBalancer> = new Map();
  readonly awsModel: AwsModel = emptyAccount();
  readonly #apiKey = secret();
  readonly #worker: RenderWorker;
  readonly #heartbeatToken = secret();
  readonly #operatorPassword = secret();
  readonly #stopped = new AbortController();
  #operator!: Operator;
  #account: FleetAccount | undefined;
  #mysql: SandboxMysql | undefined;
  #landingUrl = "";
  #fleet!: CoreFleet;
  database!: SandboxDatabase;
  slack!: SandboxSlack;
  aws!: SandboxAws;
  alarms!: AlarmServices;
  env: Readonly<Record<string, string>> = {};

  constructor(options: SandboxOptions, plan: FleetPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#worker = new RenderWorker(this.#heartbeatToken, options.log);
  }

  get dir(): string {
    return this.#options.dir;
  }
  get fleet(): string {
    return this.#plan.name;
  }
  get watched(): boolean {
    return this.#plan.account?.watched === true;
  }
  get configFile(): string {
    return join(this.dir, "fleet.yaml");
  }
  get envFile(): string {
    return join(this.dir, "env");
  }
  get events(): readonly SandboxEvent[] {
    return this.#events;
  }

  async start(): Promise<void> {
    const { dir, clock, log, passing = false } = this.#options;
    this.#stops.push(await claimFolder(dir));
    if (passing) {
      this.#stops.push(async () => {
        await removeStoreOf(dir);
        await rm(dir, { recursive: true, force: true });
      });
      // What a run left that was killed.
      await removeStoreOf(dir);
      await rm(join(dir, ".corewatch"), { recursive: true, force: true });
    }
    const claim = await this.#own(claimNetwork(), (part) => part.release());
    this.#plan = relocate(this.#plan, claim.network);
    const token = `xoxb-sandbox-${secret()}`;
    const starting = [
      this.#own(startDatabase({ dir, maxConnections: this.#plan.maxConnections, passing }), (part) => part.close()),
      this.#own(startSlack({ host: LOOPBACK, clock, token }), (part) => part.stop()),
      this.#own(startLandingPage(), (part) => part.stop()),
      issueCertificate({ dir: join(dir, "certificates"), names: certificateNames(this.#plan) }),
    ] as const;
    // When one fails the others are waited for, so that stopping finds them all.
    await Promise.allSettled(starting);
    const [database, slack, landing, certificate] = await Promise.all(starting);
    this.database = database;
    this.slack = slack;
    this.#landingUrl = landing.url;
    const { mysql } = this.#plan.account ?? {};
    if (mysql !== undefined)
      this.#mysql = await this.#own(startMysql({ ...mysql, behind: database }), (one) => one.stop());
    this.#fleet = new CoreFleet(this.#plan, { databaseUrl: database.url, apiKey: this.#apiKey, certificate });
    this.#stops.push(() => this.#fleet.stop());
    await this.#fleet.start();
    const own = (stop: () => Promise<void>): void => void this.#stops.push(stop);
    const parts = { plan: this.#plan, model: this.awsModel, cores: this.#fleet, files: certificate };
    const cloud = await startCloud({ ...parts, clock, log, own });
    ({ aws: this.aws, alarms: this.alarms, loadBalancers: this.loadBalancers } = cloud);
    this.#account = cloud.account;
    this.#stops.push(async () => this.#worker.stop());
    const operating = startOperator({ password: this.#operatorPassword, fleet: this, plan: this.#plan, clock, log });
    this.#operator = await this.#own(operating, (part) => part.stop());
    this.env = environment({
      slack: { token, url: slack.url },
      awsUrl: this.aws.url,
      databaseUrl: this.#mysql?.url ?? database.url,
      controlUrl: await createControlTables(
        this.#plan,
        database.url,
        new Map(this.cores().map((one) => [one.id, one.port])),
      ),
      apiKey: this.#apiKey,
      heartbeatToken: this.#heartbeatToken,
      operatorPassword: this.#operatorPassword,
      awsSecret: secret(),
    });
    await writeWhole(this.envFile, renderEnv(this.env), 0o600);
    await this.#writeFleet();
    if (this.#plan.databaseGone === true) await this.stopDatabase();
  }

  cores(): readonly SandboxCore[] {
    return this.#fleet.list();
  }

  connectionUri(deployment: string): string {
    const planned = deploymentOf(this.#plan, deployment);
    const own = planned.connectionUri ?? this.loadBalancers.get(deployment)?.url;
    if (own !== undefined) return own;
    const first = planned.cores[0];
    return this.#fleet.get(`${deployment}/${first?.id}`).url;
  }

  async killCore(...ids: string[]): Promise<void> {
    this.#note(`${named(ids)} killed`);
    await this.#fleet.kill(ids);
  }

  async startCore(...ids: string[]): Promise<void> {
    this.#note(`${named(ids)} started again`);
    await this.#fleet.revive(ids);
  }

  freezeCore(id: string): void {
    this.#note(`core ${id} frozen`);
    this.#fleet.freeze(id);
  }

  thawCore(id: string): void {
    this.#note(`core ${id} runs on`);
    this.#fleet.thaw(id);
  }

  async addCore(deployment: string): Promise<SandboxCore> {
    const old = deploymentOf(this.#plan, deployment);
    const planned = nextCore(old);
    const core = await this.#fleet.add(old, planned);
    this.#plan = withCores(this.#plan, deployment, (cores) => [...cores, planned]);
    this.loadBalancers.get(deployment)?.register(targetOf(core));
    await this.#writeFleet();
    this.#note(`core ${core.id} added`);
    return core;
  }

  async removeCore(id: string): Promise<void> {
    const core = this.#fleet.get(id);
    const { cores } = deploymentOf(this.#plan, core.deployment);
    if (cores.length === 1) throw new Error(`${id} is the last core of ${core.deployment}: it stays`);
    this.#plan = withCores(this.#plan, core.deployment, (all) =>
      all.filter((one) => `${core.deployment}/${one.id}` !== id),
    );
    const end = this.#fleet.remove(id);
    const balancer = this.loadBalancers.get(core.deployment);
    balancer?.deregister(core.instance, core.port);
    await this.#writeFleet();
    this.#note(`core ${id} removed`);
    void onceDrained(core, balancer, this.#options.clock, this.#stopped.signal).then(end, (error: unknown) =>
      this.#options.log.warn(`sandbox: core ${id} could not be ended`, { error }),
    );
  }

  interruptInstance(id: string): void {
    if (this.#account === undefined) throw new Error(`the fleet ${this.fleet} has no instances`);
    this.#note(`spot instance ${id} is about to be taken`);
    this.#account.interrupt(id);
  }

  async stopDatabase(): Promise<void> {
    this.#note("database main stopped");
    await this.database.stop();
  }

  async startDatabase(): Promise<void> {
    this.#note("database main started again");
    await this.database.start();
  }

  async freezeDatabase(): Promise<void> {
    this.#note("database main frozen");
    await this.database.freeze();
  }

  async thawDatabase(): Promise<void> {
    this.#note("database main runs on");
    await this.database.thaw();
  }

  beatTo(webUrl: string): void {
    this.#worker.beatTo(webUrl);
  }

  stopBeating(): void {
    this.#note("the render worker falls silent");
    this.#worker.stop();
  }

  /** In the reverse order of starting, every part whatever became of the others. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    let first: unknown;
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        first ??= error;
      }
    }
    if (first !== undefined) throw first;
  }

  async #own<T>(starting: Promise<T>, stop: (part: T) => Promise<void>): Promise<T> {
    const part = await starting;
    this.#stops.push(() => stop(part));
    return part;
  }

  async #writeFleet(): Promise<void> {
    const text = renderFleet(this.#plan, {
      listen: this.#options.listen ?? `${LOOPBACK}:8090`,
      urlOf: (id) => this.#fleet.get(id).url,
      connectionUriOf: (deployment) => this.connectionUri(deployment),
      landingUrl: this.#landingUrl,
      alarmQueue: alarmQueueArn(this.awsModel),
      resolvers: this.#account?.resolvers ?? [],
      ...(this.#plan.account?.ecs === undefined ? {} : { hostQueue: hostQueueArn(this.awsModel) }),
      operatorUrl: this.#operator.url,
      autoApply: this.#options.autoApply,
    });
    await writeWhole(this.configFile, text, 0o600);
  }

  #note(text: string): void {
    this.#events.push({ at: this.#options.clock.now(), text });
    this.#options.log.info(`sandbox: ${text}`);
  }
}
