#!/usr/bin/env -S node --max-semi-space-size=8 --
// The door: finds a Node that can run the platform, then opens main. Plain JavaScript that Node 20 can read.
// V8 would let its young generation grow to a third of the daemon's memory, for nothing: 8 MiB are enough. And the "--"
// keeps Node from taking --env-file, which is corewatch's, for its own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
const fits = (major === 22 && minor >= 19) || (major === 24 && minor >= 11) || major >= 26;

if (fits) {
  module.enableCompileCache?.();
  await import("../main.ts");
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `corewatch needs Node 22.19 or newer, this is ${process.version}, and the optional package node-linux-${process.arch} is not installed: run "npm ci" on Linux, or install a newer Node.\n`,
    );
    process.exit(78);
  }
  const child = spawn(node, ["--max-semi-space-size=8", "--", ...process.argv.slice(1)], { stdio: "inherit" });
  // A supervisor sends signals to this process alone. A terminal sends Ctrl-C to both: twice the same counts once.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

/** Path of the Node that came as an optional dependency, or undefined. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`);
    const path = join(dirname(manifest), "bin", "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
