import { CoreHost } from "./core-host.ts";
import type { CoreOptions } from "./core-options.ts";
import type { FleetPlan, PlannedCore, PlannedDeployment } from "./fleets.ts";

/** The first core of an instance has the default port, the next ones follow. */
const PORT = 3567;
/** How many ports further on may be tried when somebody else has a core's port. */
const PORT_SPREAD = 1_000;

/** What a core can be. */
export type CoreState = "running" | "frozen" | "dead";

/** One core of a running sandbox. */
export interface SandboxCore {
  /** `deployment/core`, as targets are named. */
  readonly id: string;
  readonly deployment: string;
  readonly url: string;
  readonly port: number;
  readonly instance: string;
  readonly zone: string;
  readonly state: CoreState;
  /** Of its process while it runs; several cores of a big fleet share one. */
  readonly pid: number | undefined;
}

/** What all cores of a fleet have in common. */
export interface CoreSettings {
  readonly databaseUrl: string;
  readonly apiKey: string;
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
}

interface Entry {
  readonly planned: PlannedCore;
  readonly deployment: PlannedDeployment;
  readonly host: CoreHost;
}

/** The cores of a fleet, each a process or several in one. */
export class CoreFleet {
  readonly #plan: FleetPlan;
  readonly #settings: CoreSettings;
  readonly #entries = new Map<string, Entry>();
  /** Of cores that were removed. */
  readonly #leaving = new Set<CoreHost>();
  readonly #onAddress = new Map<string, number>();

  constructor(plan: FleetPlan, settings: CoreSettings) {
    this.#plan = plan;
    this.#settings = settings;
    const byProcess = new Map<string, { planned: PlannedCore; deployment: PlannedDeployment }[]>();
    for (const deployment of plan.deployments) {
      for (const planned of deployment.cores) {
        const list = byProcess.get(planned.process) ?? [];
        list.push({ planned, deployment });
        byProcess.set(planned.process, list);
      }
    }
    for (const members of byProcess.values()) {
      const host = new CoreHost(members.map(({ planned, deployment }) => this.#options(planned, deployment)));
      for (const member of members) this.#entries.set(fullId(member.deployment, member.planned), { ...member, host });
    }
  }

  /** Starts every process; resolves when all cores answer. */
  async start(): Promise<void> {
    await Promise.all([...new Set([...this.#entries.values()].map(({ host }) => host))].map((host) => host.start()));
  }

  list(): SandboxCore[] {
    return [...this.#entries.keys()].map((id) => this.get(id));
  }

  /** @throws Error that names the cores there are. */
  get(id: string): SandboxCore {
    const { planned, deployment, host } = this.#entry(id);
    const url = host.url(id);
    return {
      id,
      deployment: deployment.id,
      url,
      port: Number(new URL(url).port),
      instance: planned.instance,
      zone: planned.zone,
      state: host.serves(id) ? "running" : host.state === "frozen" ? "frozen" : "dead",
      pid: host.pid,
    };
  }

  /** SIGKILL for a process all of whose cores are meant; of one that holds others too, only the cores' ports are closed. */
  async kill(ids: readonly string[]): Promise<void> {
    await this.#byHost(ids, async (host, mine) => {
      if (mine.length === host.cores.length) await host.kill();
      else await Promise.all(mine.map((id) => host.halt(id)));
    });
  }

  async revive(ids: readonly string[]): Promise<void> {
    await this.#byHost(ids, async (host, mine) => {
      if (host.pid === undefined) await host.start();
      else await Promise.all(mine.map((id) => host.resume(id)));
    });
  }

  /** SIGSTOP to the core's process. */
  freeze(id: string): void {
    this.#entry(id).host.freeze();
  }

  thaw(id: string): void {
    this.#entry(id).host.thaw();
  }

  /** Starts one core more, in a process of its own. */
  async add(deployment: PlannedDeployment, planned: PlannedCore): Promise<SandboxCore> {
    const host = new CoreHost([this.#options(planned, deployment)]);
    await host.start();
    const id = fullId(deployment, planned);
    this.#entries.set(id, { planned, deployment, host });
    return this.get(id);
  }

  /** Takes a core off the list; it goes on answering until the returned function ends it. */
  remove(id: string): () => Promise<void> {
    const { host } = this.#entry(id);
    this.#entries.delete(id);
    this.#leaving.add(host);
    return async () => {
      if (host.cores.length > 1) await host.halt(id);
      else await host.stop();
    };
  }

  async stop(): Promise<void> {
    const hosts = new Set([...this.#leaving, ...[...this.#entries.values()].map(({ host }) => host)]);
    await Promise.all([...hosts].map((host) => host.stop()));
  }

  async #byHost(ids: readonly string[], act: (host: CoreHost, mine: string[]) => Promise<void>): Promise<void> {
    const groups = new Map<CoreHost, string[]>();
    for (const id of new Set(ids)) {
      const { host } = this.#entry(id);
      groups.set(host, [...(groups.get(host) ?? []), id]);
    }
    await Promise.all([...groups].map(([host, mine]) => act(host, mine)));
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      const known = [...this.#entries.keys()].slice(0, 10).join(", ");
      throw new Error(`there is no core "${id}" in this sandbox: choose one of ${known}`);
    }
    return entry;
  }

  #nextPort(host: string): number {
    const before = this.#onAddress.get(host) ?? 0;
    this.#onAddress.set(host, before + 1);
    return PORT + before;
  }

  #options(planned: PlannedCore, deployment: PlannedDeployment): CoreOptions {
    return {
      id: fullId(deployment, planned),
      host: planned.host,
      ...(planned.port === undefined
        ? { port: this.#nextPort(planned.host), portSpread: PORT_SPREAD }
        : { port: planned.port }),
      databaseUrl: this.#settings.databaseUrl,
      poolSize: this.#plan.poolSize,
      sharePool: this.#plan.sharePools,
      servedBy: planned.id,
      ...(planned.delayMs === undefined ? {} : { delayMs: planned.delayMs }),
      ...(deployment.secure ? { tls: this.#settings.certificate, apiKeys: [this.#settings.apiKey] } : {}),
    };
  }
}

function fullId(deployment: PlannedDeployment, core: PlannedCore): string {
  return `${deployment.id}/${core.id}`;
}
