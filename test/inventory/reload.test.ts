import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fleet, Log } from "../../src/domain/index.ts";
import {
  type Change,
  FleetFile,
  type FleetFileOptions,
  type FileWatch,
  type Located,
  loadFleet,
} from "../../src/inventory/index.ts";
import { createFileWatch } from "../../src/system/file-watch.ts";
import { FakeClock } from "../fakes/clock.ts";
import { CERTIFY_DEFAULTS, CHECK_DEFAULTS, accepted, isCron } from "./support.ts";

const TEXT = 'version: 1\nfleet: acme\nheartbeats: [{ id: a, every: 5m, token: "${env:TOKEN}" }]\n';
let folder: string;
let clock: FakeClock;
let logged: string[];
let told: ({ fleet: Fleet; changes: readonly Change[] } | { errors: readonly Located[] })[];
let watched: Map<string, () => void>;

const log: Log = {
  debug: () => undefined,
  info: (message) => void logged.push(message),
  warn: (message) => void logged.push(message),
  error: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  child: () => log,
};

/** Remembers who watches what; a test says when something changed. */
const handWatch: FileWatch = {
  watch(path, onChange) {
    watched.set(path, onChange);
    return { stop: () => void watched.delete(path) };
  },
};

/** The system's polling, quick. */
const pollWatch: FileWatch = createFileWatch(10);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "corewatch-reload-"));
  clock = new FakeClock();
  logged = [];
  told = [];
  watched = new Map();
});

afterEach(() => rmSync(folder, { recursive: true }));

function fleetFile(file: string, overrides: Partial<FleetFileOptions> = {}): FleetFile {
  const base = {
    path: "fleet.yaml",
    file,
    readFile: (path: string) => readFileSync(path),
    env: { TOKEN: "first-token" },
    checkDefaults: CHECK_DEFAULTS,
    certifyDefaults: CERTIFY_DEFAULTS,
    isCron,
  };
  return new FleetFile({
    ...base,
    clock,
    log,
    fileWatch: handWatch,
    initial: accepted(loadFleet({ ...base, now: clock.now() })),
    onFleet: (fleet, changes) => void told.push({ fleet, changes }),
    onRejected: (errors) => void told.push({ errors }),
    ...overrides,
  });
}

/** What was told, in few words. */
function story(): string[] {
  return told.map((one) =>
    "errors" in one ? `rejected ${one.errors.length}` : `fleet ${one.changes.map((change) => change.event).join()}`,
  );
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Until `done`, within 5 s. */
async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!done()) {
    if (performance.now() > end) throw new Error(`not within 5 s; told: ${story().join("; ")}`);
    await clock.advance(50);
  }
}

describe("a fleet.yaml that is watched", () => {
  it("is put in force when it changed well, once what is written has settled", async () => {
    const file = write("fleet.yaml", TEXT);
    const watching = fleetFile(file);
    await watching.start();
    expect([...watched.keys()]).toEqual([file]);
    write("fleet.yaml", "");
    watched.get(file)?.();
    await clock.advance(100);
    write("fleet.yaml", TEXT.replace("5m", "6m"));
    watched.get(file)?.();
    await clock.advance(249);
    expect(story()).toEqual([]);
    await clock.advance(1);
    expect(story()).toEqual(["fleet heartbeat-changed"]);
    expect(watching.fleet.heartbeats[0]?.everyMs).toBe(360_000);
    await watching.stop();
    await watching.stop();
    expect(watched.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it("changes nothing when it is bad, says so once for each content, and is watched on", async () => {
    const file = write("fleet.yaml", TEXT);
    const watching = fleetFile(file);
    await watching.start();
    write("fleet.yaml", TEXT.replace("every", "evry"));
    expect(await watching.reload()).toBe("rejected");
    expect(await watching.reload()).toBe("rejected");
    expect(story()).toEqual(["rejected 2"]);
    expect(watching.rejected?.[0]).toMatchObject({ file: "fleet.yaml", line: 3 });
    expect(watching.fleet.heartbeats[0]?.everyMs).toBe(300_000);
    expect(logged.join("\n")).toContain("fleet.yaml:3:");
    rmSync(file);
    expect(await watching.reload()).toBe("rejected");
    write("fleet.yaml", TEXT);
    expect(await watching.reload()).toBe("accepted");
    expect(await watching.reload()).toBe("unchanged");
    expect(story()).toEqual(["rejected 2", "rejected 1", "fleet "]);
    expect(watching.rejected).toBeUndefined();
    await watching.stop();
  });

  it("is read again when a file of variables or of a secret changed", async () => {
    const env = write("env", "TOKEN=second-token\n");
    const secret = write("secret", "url-secret-1\n");
    const file = write("fleet.yaml", `${TEXT}slack: { token: "\${file:secret}", channel: "#ops" }\n`);
    const watching = fleetFile(file, { envFile: env });
    await watching.start();
    expect(new Set(watched.keys())).toEqual(new Set([file, env, secret]));
    expect(story()).toEqual(["fleet heartbeat-changed"]);
    expect(watching.fleet.heartbeats[0]?.token?.reveal()).toBe("second-token");
    write("secret", "url-secret-2\n");
    watched.get(secret)?.();
    await clock.advance(250);
    expect(watching.fleet.slack?.token.reveal()).toBe("url-secret-2");
    write("env", "TOKEN='half\n");
    watched.get(env)?.();
    await clock.advance(250);
    expect(watching.rejected?.[0]).toMatchObject({ file: env, line: 1, column: 7 });
    expect(story()).toEqual(["fleet heartbeat-changed", "fleet settings-changed", "rejected 1"]);
    expect(logged.join("\n") + JSON.stringify(told)).not.toMatch(/second-token|url-secret|half/);
    await watching.stop();
  });

  it("is seen when a link to its folder is swapped, as Kubernetes does", async () => {
    for (const [name, every] of [
      ["one", "5m"],
      ["two", "7m"],
    ] as const) {
      mkdirSync(join(folder, name));
      write(`${name}/fleet.yaml`, TEXT.replace("5m", every));
    }
    symlinkSync("one", join(folder, "..data"));
    symlinkSync("..data/fleet.yaml", join(folder, "fleet.yaml"));
    const watching = fleetFile(join(folder, "fleet.yaml"), { fileWatch: pollWatch });
    await watching.start();
    symlinkSync("two", join(folder, "..new"));
    renameSync(join(folder, "..new"), join(folder, "..data"));
    await until(() => told.length > 0);
    expect(watching.fleet.heartbeats[0]?.everyMs).toBe(420_000);
    await watching.stop();
  });

  it("goes on being watched when putting a fleet in force failed", async () => {
    const file = write("fleet.yaml", TEXT);
    let failures = 1;
    const watching = fleetFile(file, {
      onFleet: () => {
        if (failures-- > 0) throw new Error("no room");
        told.push({ errors: [] });
      },
    });
    await watching.start();
    write("fleet.yaml", TEXT.replace("5m", "6m"));
    watched.get(file)?.();
    await clock.advance(250);
    expect(logged.join()).toContain("no room");
    write("fleet.yaml", TEXT.replace("5m", "7m"));
    expect(await watching.reload()).toBe("accepted");
    expect(told).toHaveLength(1);
    await watching.stop();
  });
});
