import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, hostname, platform, release, totalmem } from "node:os";
import type { RunEnvironment } from "../domain/index.ts";

/** The libraries whose versions a certificate states: those that measure. */
const MEASURING = ["undici", "autocannon", "hdr-histogram-js", "pg"];

/** Where a run is made, and with which versions. */
export function describeEnvironment(version: string): RunEnvironment {
  return {
    corewatch: version,
    node: process.version,
    platform: `${platform()} ${release()}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    hostname: hostname(),
    versions: Object.fromEntries(MEASURING.map((name) => [name, versionOf(name)])),
  };
}

/** Of an installed package: from its package.json, which some do not export. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const folders = require.resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8"));
      if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
    } catch (error) {
      // It lies in a folder further up.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return "unknown";
}
