import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Core } from "./cores.ts";
import { card, cards, openStage, QUICK } from "./stage.ts";
import { until } from "./until.ts";

/** Every secret of the configuration, by the variable that holds it. They look like real ones, and none like a word. */
const SECRETS = {
  SLACK_BOT_TOKEN: "xoxb-880017-4411-q7Zt0fWc2kPd",
  ACME_KEY: "qWx81-Kd0v+Zp/ap1key==",
  DATABASE_PASSWORD: "n0t-the-Passw0rd%21",
  OPS_SECRET: "h00k-s1gning-secret",
  WORKER_TOKEN: "w0rker-t0ken-5519",
  LANDING_AUTH: "Bearer l4nding-bearer-token",
} as const;
/** What a core's own error page gives away: where its database is, by values that nobody configured. */
const LEAKED = { host: "db-7.internal.example", password: "sup3r-s3cret-of-the-core" };

test(
  "no secret is in any message, log line, row or report, though every target repeats what it was told",
  { timeout: 60_000 },
  async (context) => {
    const stage = await openStage(context, 3);
    const hook: string[] = [];
    const receiver = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => hook.push(text));
      request.on("end", () => void response.writeHead(500).end(JSON.stringify(request.headers)));
    });
    const webhook = `http://127.0.0.1:${await stage.listen(receiver)}/hooks/t9-zz81-webhook`;
    const { hostname, port, pathname } = new URL(stage.databaseUrl);
    Object.assign(stage.env, SECRETS, {
      OPS_WEBHOOK: webhook,
      MAIN_DATABASE_URL: `postgres://corewatch:${SECRETS.DATABASE_PASSWORD}@${hostname}:${port}${pathname}`,
      GONE_DATABASE_URL: `mysql://corewatch:${SECRETS.DATABASE_PASSWORD}@127.0.0.1:9/gone`,
    });
    const secrets = [
      ...Object.values(SECRETS),
      "l4nding-bearer-token",
      "t9-zz81-webhook",
      "n0t-the-Passw0rd!",
      new URL(stage.databaseUrl).password,
    ];
    const leak = [
      `jdbc:postgresql://${LEAKED.host}:5432/supertokens?user=corewatch&password=${LEAKED.password}`,
      ...secrets,
    ].join(" | ");
    const told = new Map<Core, number>();
    const leaky = (core: Core, status: number) => {
      core.answer = (request, response) => {
        told.set(core, (told.get(core) ?? 0) + 1);
        response.writeHead(status, { "content-type": "text/plain", "x-debug": `key=${SECRETS.ACME_KEY}` });
        response.end(`${leak} ${JSON.stringify(request.headers)}`);
      };
    };
    const [first, second, third] = stage.cores;
    if (first === undefined || second === undefined || third === undefined) throw new Error("there are no cores");
    leaky(first, 500);
    leaky(second, 200);
    third.answer = (request) => void request.socket.end(`HTTP/1.1 ${leak}\r\n\r\n`);

    const base = stage.deployment();
    const fleet = {
      fallback: { webhook: "${env:OPS_WEBHOOK}", secret: "${env:OPS_SECRET}", after: "1s" },
      checks: {
        hello: QUICK,
        "through-load-balancer": QUICK,
        postgres: QUICK,
        session: { ...QUICK, enabled: true },
        http: QUICK,
        mysql: QUICK,
        jwks: QUICK,
        heartbeat: QUICK,
      },
      databases: {
        main: { kind: "postgres", url: "${env:MAIN_DATABASE_URL}" },
        gone: { kind: "mysql", url: "${env:GONE_DATABASE_URL}" },
      },
      deployments: [
        { ...base, database: "main", cores: base.cores.map((core) => ({ ...core, apiKey: "${env:ACME_KEY}" })) },
      ],
      endpoints: [
        { id: "landing", url: `${first.url}/`, headers: { Authorization: "${env:LANDING_AUTH}" }, contains: "welcome" },
      ],
      heartbeats: [{ id: "worker", every: "10s", token: "${env:WORKER_TOKEN}" }],
    };
    await stage.write(fleet);
    const daemon = await stage.start("--log-level", "debug");
    const beat = await fetch(`${daemon.url}/heartbeats/worker`, {
      method: "POST",
      headers: { authorization: `Bearer ${SECRETS.WORKER_TOKEN}` },
      body: JSON.stringify({ ok: false, message: `could not: ${leak}` }),
    });
    expect(beat.status).toBe(202);
    await card(stage.slack, /acme-1/);
    await until("the worker's failure to be told", 15_000, () => JSON.stringify(cards(stage.slack)).includes("worker"));
    // Slack repeats what it was sent as well, and the fallback's receiver fails.
    stage.slack.setFault({ kind: "error", error: `channel_not_found` });
    await stage.write({
      ...fleet,
      slack: { token: "${env:SLACK_BOT_TOKEN}", channel: "#elsewhere" },
      escalate: SECRETS.ACME_KEY,
    });
    await daemon.logged(/configuration rejected/);
    await stage.write({ ...fleet, slack: { token: SECRETS.SLACK_BOT_TOKEN, channel: "#elsewhere" } });
    await daemon.logged(/configuration loaded/);
    await until("the fallback to be asked", 15_000, () => hook.length > 0);
    stage.slack.setFault({ kind: "none" });

    const reports: string[] = [];
    const report = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await stage.run(...args, "--config", "fleet.yaml", "--log-level", "debug");
      expect([0, 1, 3]).toContain(code);
      reports.push(stdout, stderr);
      return stdout;
    };
    await Promise.all([
      report("sweep", "--format", "json"),
      report("sweep", "--format", "text", "--no-notify"),
      report("sweep", "--format", "junit", "--no-notify"),
      report("incidents", "--format", "json"),
    ]);
    await Promise.all([
      report("probe", "acme/acme-1", "hello"),
      report("probe", "acme", "session", "--format", "json"),
      report("probe", "main", "postgres", "--format", "json"),
      report("probe", "landing", "http"),
      report("incidents", "show", "INC-1"),
      report("inventory", "--format", "json"),
      report("config", "check"),
      report("store", "export", "export.gz"),
    ]);
    const pages = await Promise.all(
      ["readyz", "metrics", "nothing"].map(async (page) => (await fetch(`${daemon.url}/${page}`)).text()),
    );
    expect(await daemon.stop()).toBe(0);
    const tables = await stage.sql<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    const rows: string[] = [];
    for (const { name } of tables) rows.push(JSON.stringify(await stage.sql(`SELECT t::text AS row FROM ${name} t`)));

    const places = {
      slack: JSON.stringify([stage.slack.messages(), stage.slack.calls()]),
      fallback: hook.join("\n"),
      log: daemon.stderr + daemon.stdout,
      rows: rows.join("\n"),
      reports: reports.join("\n"),
      export: gunzipSync(await readFile(join(stage.directory, "export.gz"))).toString("utf8"),
      pages: pages.join("\n"),
    };
    const found = Object.entries(places).flatMap(([place, text]) =>
      [...secrets, ...Object.values(LEAKED)].filter((one) => text.includes(one)).map((one) => `${one} in ${place}`),
    );
    expect(found).toEqual([]);
    // They did come in, and each place has something to say.
    expect([told.get(first), told.get(second)].every((times = 0) => times > 3)).toBe(true);
    expect(places.rows).toContain("worker reported a failure: could not: jdbc:[secret] | [secret]");
    for (const text of Object.values(places)) expect(text.length).toBeGreaterThan(1_000);
  },
);
