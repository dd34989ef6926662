import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usage } from "./usage.ts";

/** The peer: Debian's prometheus-blackbox-exporter, which only probes, always over a fresh connection. */
const PROGRAM = "prometheus-blackbox-exporter";
const CONFIG = `modules:
  core:
    prober: http
    timeout: 10s
    http:
      preferred_ip_protocol: ip4
      fail_if_body_not_matches_regexp: ["Hello"]
      tls_config: { insecure_skip_verify: true }
`;

/** What probing cost the peer. */
export interface PeerCost {
  readonly probes: number;
  readonly failed: number;
  readonly cpuMsPerProbe: number;
  readonly version: string;
}

/** `false` when the Debian package is not installed. */
export function blackboxInstalled(): boolean {
  return spawnSync(PROGRAM, ["--version"]).error === undefined;
}

/** Has the peer probe `urls` at `perSecond`, evenly, for `seconds`, and measures its CPU. */
export async function measureBlackbox(urls: readonly string[], perSecond: number, seconds: number): Promise<PeerCost> {
  const directory = mkdtempSync(join(tmpdir(), "corewatch-peer-"));
  const config = join(directory, "blackbox.yml");
  writeFileSync(config, CONFIG);
  const child = spawn(PROGRAM, [`--config.file=${config}`, "--web.listen-address=127.0.0.1:9615", "--log.level=warn"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    await answering(child);
    await drive(urls, perSecond, 5);
    const before = usage([child.pid ?? 0]);
    const { probes, failed } = await drive(urls, perSecond, seconds);
    const after = usage([child.pid ?? 0]);
    const version =
      /version (\S+)/.exec(spawnSync(PROGRAM, ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? "unknown";
    return { probes, failed, cpuMsPerProbe: (after.cpuMs - before.cpuMs) / probes, version };
  } finally {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
    rmSync(directory, { recursive: true, force: true });
  }
}

async function answering(child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`);
    if ((await get("/-/healthy")).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${PROGRAM} does not answer`);
}

async function drive(
  urls: readonly string[],
  perSecond: number,
  seconds: number,
): Promise<{ probes: number; failed: number }> {
  const started = performance.now();
  const wanted = perSecond * seconds;
  const answers: Promise<{ ok: boolean; text: string }>[] = [];
  for (let i = 0; i < wanted; i++) {
    const due = started + (i * 1000) / perSecond;
    const ahead = due - performance.now();
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
    answers.push(get(`/probe?module=core&target=${encodeURIComponent(urls[i % urls.length] ?? "")}`));
  }
  const all = await Promise.all(answers);
  return { probes: all.length, failed: all.filter((one) => !one.ok || !/^probe_success 1$/m.test(one.text)).length };
}

function get(path: string): Promise<{ ok: boolean; text: string }> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port: 9615, path }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ ok: response.statusCode === 200, text }));
    });
    sent.on("error", () => resolve({ ok: false, text: "" }));
    sent.end();
  });
}
