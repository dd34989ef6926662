import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type QueryResultRow } from "pg";
import type { TestContext } from "vitest";
import { type SandboxSlack, type SlackMessage, startSlack } from "../../src/sandbox/slack-server.ts";
import { createDatabase } from "../support/database.ts";
import { Core } from "./cores.ts";
import { Daemon, Program } from "./program.ts";
import { until } from "./until.ts";

/** A fleet file as data: JSON is YAML. */
export type FleetFile = Record<string, unknown>;

/** A check that looks every second and judges at the second failure. */
export const QUICK = { schedule: "* * * * * *", failures: 2, successes: 1, window: 5 };

/** A folder with a fleet.yaml, a store, a Slack and cores: the surroundings of one program, gone with its test. */
export interface Stage {
  readonly directory: string;
  /** What programs see; a test may add to it before it starts one. */
  readonly env: Record<string, string>;
  readonly databaseUrl: string;
  readonly slack: SandboxSlack;
  readonly cores: readonly Core[];
  /** Writes fleet.yaml: deployment `acme` over the cores, the last of which stands for its load balancer, and `more`. */
  write(more?: FleetFile): Promise<void>;
  /** The deployment `acme` as {@link Stage.write} has it. */
  deployment(): FleetFile & { cores: FleetFile[] };
  /** Starts the daemon and waits until it watches. */
  start(...args: string[]): Promise<Daemon>;
  /** Starts one command. */
  launch(...args: string[]): Program;
  /** Runs one command to its end. */
  run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Has `server` listen on loopback until the test ends; its port. */
  listen(server: Server): Promise<number>;
  /** Asks the store's database. */
  sql<Row extends QueryResultRow>(text: string): Promise<Row[]>;
  /** Has something closed when the test ends, however it does: what came last goes first. */
  later(close: () => Promise<unknown>): void;
}

/** Sets it up. */
export async function openStage({ onTestFinished, task }: TestContext, coreCount = 2): Promise<Stage> {
  const closing: (() => Promise<unknown>)[] = [];
  const programs: Program[] = [];
  onTestFinished(async () => {
    for (const program of programs) if (program.isRunning) await program.kill();
    const results = await Promise.allSettled(closing.toReversed().map((close) => close()));
    if (task.result?.state === "fail") {
      for (const one of programs) process.stderr.write(`--- corewatch ${one.args.join(" ")}\n${one.stderr}\n`);
    }
    for (const result of results) if (result.status === "rejected") throw result.reason;
  });
  const later = (close: () => Promise<unknown>): void => void closing.push(close);

  const directory = await mkdtemp(join(tmpdir(), "corewatch-acceptance-"));
  later(() => rm(directory, { recursive: true, force: true }));
  const database = await createDatabase();
  later(() => database.drop());
  const slack = await startSlack();
  later(() => slack.stop());
  const cores = await Promise.all(Array.from({ length: coreCount }, () => Core.start()));
  for (const core of cores) later(() => core.stop());
  const env: Record<string, string> = {
    SLACK_BOT_TOKEN: "xoxb-2701-acceptance-9c31e7",
    COREWATCH_SLACK_API_URL: slack.url,
    COREWATCH_STORE_URL: database.url,
  };
  let asking: Promise<Client> | undefined;
  const connected = async (): Promise<Client> => {
    const client = new Client({ connectionString: database.url });
    client.on("error", () => undefined);
    await client.connect();
    later(() => client.end());
    return client;
  };
  const deployment = () => ({
    id: "acme",
    app: "acme",
    kind: "production",
    connectionUri: cores.at(-1)?.url.replace("127.0.0.1", "localhost") ?? "",
    cores: cores.map(({ url }, index) => ({ id: `acme-${index + 1}`, url })),
  });

  const launch = (...args: string[]): Program => {
    const program = new Program(args, { directory, env });
    programs.push(program);
    return program;
  };

  return {
    directory,
    env,
    databaseUrl: database.url,
    slack,
    cores,
    deployment,
    later,
    write: (more = {}) =>
      writeFile(
        join(directory, "fleet.yaml"),
        JSON.stringify({
          version: 1,
          fleet: "acme",
          store: { url: "${env:COREWATCH_STORE_URL}" },
          slack: { token: "${env:SLACK_BOT_TOKEN}", channel: "#ops" },
          checks: { hello: QUICK, "through-load-balancer": QUICK },
          deployments: [deployment()],
          ...more,
        }),
      ),
    async start(...args) {
      const daemon = new Daemon({ directory, env }, args);
      programs.push(daemon);
      return daemon.ready();
    },
    launch,
    async run(...args) {
      const program = launch(...args);
      const code = await program.ended;
      return { code, stdout: program.stdout, stderr: program.stderr };
    },
    async listen(server) {
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      later(async () => {
        const closed = new Promise((resolve) => void server.close(resolve));
        server.closeAllConnections();
        await closed;
      });
      return (server.address() as AddressInfo).port;
    },
    async sql<Row extends QueryResultRow>(text: string) {
      const client = await (asking ??= connected());
      return (await client.query<Row>(text)).rows;
    },
  };
}

/** The messages that stand in channels by themselves: one an incident. */
export function cards(slack: SandboxSlack): SlackMessage[] {
  return slack.messages().filter((one) => one.threadTs === null);
}

/** The replies in threads. */
export function replies(slack: SandboxSlack): SlackMessage[] {
  return slack.messages().filter((one) => one.threadTs !== null);
}

/** Waits for a card that says `text`. */
export async function card(slack: SandboxSlack, text: RegExp, ms = 15_000): Promise<SlackMessage> {
  return until(
    `a card that says ${text.source}; there are ${JSON.stringify(cards(slack).map((one) => one.text))}`,
    ms,
    () => cards(slack).find((one) => text.test(one.text)),
  );
}

/** Waits until every notice of the store is settled. */
export async function allTold(stage: Stage, ms = 15_000): Promise<void> {
  await until("every notice to be sent", ms, async () => {
    const [row] = await stage.sql<{ waiting: number }>(
      "SELECT count(*)::int AS waiting FROM corewatch.notice WHERE state = 'pending'",
    );
    return row?.waiting === 0;
  });
}
