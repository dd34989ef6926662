import { spawnSync } from "node:child_process";
import { startSlack } from "../../src/sandbox/slack-server.ts";
import { BenchDaemon, DOOR } from "./daemon.ts";
import { Farm } from "./farm.ts";

const CORES = 2;
const WITHIN_MS = 15_000;

/**
 * Delays on the way to people: a core fails in one deployment after the other. `toSlackMs`: from the decision that opened
 * the incident to the request arriving at Slack; `toDiagnosisMs`: from the first failing observation to the diagnosis.
 */
export async function measureNotices(rounds: number, basePort: number): Promise<unknown> {
  const slack = await startSlack({ limitRate: false });
  const farm = await Farm.start({ count: rounds * CORES, basePort, tls: undefined });
  const daemon = new BenchDaemon(fleetYaml(rounds, basePort));
  try {
    await daemon.start({ SLACK_BOT_TOKEN: "xoxb-bench-token-0", COREWATCH_SLACK_API_URL: slack.url });
    for (let round = 0; round < rounds; round++) {
      await farm.fail([round * CORES]);
      await slack.waitFor((messages) => cardsOf(messages).length === round + 1, WITHIN_MS);
      await farm.fail([]);
    }
    const listed = spawnSync(DOOR, ["incidents", "--config", daemon.config, "--format", "json"], {
      encoding: "utf8",
      env: { ...process.env, SLACK_BOT_TOKEN: "xoxb-bench-token-0" },
    });
    const incidents = JSON.parse(listed.stdout) as { id: string; openedAt: string }[];
    const delays: number[] = [];
    for (const card of cardsOf(slack.messages())) {
      const incident = incidents.find((one) => one.id === card.metadata?.event_payload["incident"]);
      if (incident !== undefined) delays.push(card.receivedAt - Date.parse(incident.openedAt));
    }
    const metrics = await daemon.metrics();
    const quantile = (q: string): number | null =>
      metrics.get(`corewatch_diagnosis_milliseconds{quantile="${q}"}`) ?? null;
    return {
      incidents: delays.length,
      toSlackMs: spread(delays),
      toDiagnosisMs: { p50: quantile("0.5"), p99: quantile("0.99"), max: quantile("1") },
    };
  } finally {
    await daemon.stop();
    await farm.stop();
    await slack.stop();
  }
}

type Messages = ReturnType<Awaited<ReturnType<typeof startSlack>>["messages"]>;

function cardsOf(messages: Messages): Messages {
  return messages.filter((one) => one.threadTs === null);
}

function spread(values: readonly number[]): { p50: number; p99: number; max: number } | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function fleetYaml(deployments: number, basePort: number): string {
  const lines = [
    "version: 1",
    "fleet: notices",
    'slack: { token: "${env:SLACK_BOT_TOKEN}", channel: "#ops" }',
    "checks:",
    '  hello: { schedule: "* * * * * *", failures: 1, successes: 1, window: 1 }',
    '  through-load-balancer: { schedule: "*/5 * * * * *" }',
    "deployments:",
  ];
  for (let d = 0; d < deployments; d++) {
    const port = basePort + d * CORES;
    lines.push(`  - id: d${d}`, "    app: bench", "    kind: production");
    // The second core of each deployment stands for its load balancer: that way stays good.
    lines.push(`    connectionUri: http://localhost:${port + 1}`, `    slack: { channel: "#d${d}" }`, "    cores:");
    lines.push(
      `      - { id: c0, url: "http://127.0.0.1:${port}" }`,
      `      - { id: c1, url: "http://127.0.0.1:${port + 1}" }`,
    );
  }
  return `${lines.join("\n")}\n`;
}
