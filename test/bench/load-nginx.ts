import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/sandbox/database.ts";
import { startServer } from "./load-processes.ts";

/** A server that is faster than any client here: nginx (Debian's nginx-light) on a core of its own, else node:http. */
export async function startFastServer(core: number) {
  if (spawnSync("nginx", ["-v"]).status !== 0) {
    const plain = await startServer("healthy");
    return { url: plain.url, name: "node:http, one process, one core", stop: plain.stop };
  }
  const folder = mkdtempSync(join(tmpdir(), "corewatch-bench-nginx-"));
  const port = await freePort();
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    join(folder, "nginx.conf"),
    `${user} daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 8192; }
http { access_log off; keepalive_timeout 120s; keepalive_requests 100000000;
  server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "Hello\\n"; } } }
`,
  );
  const child = spawn("taskset", ["-c", String(core), "nginx", "-p", folder, "-c", join(folder, "nginx.conf")], {
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`${url}/hello`).catch(() => undefined);
    if (answer?.ok === true) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    name: "nginx, one worker, one core",
    async stop(): Promise<void> {
      const gone = once(child, "exit");
      child.kill("SIGQUIT");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
