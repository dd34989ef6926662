import { spawn, type ChildProcess } from "node:child_process";
import type { Hook, HookResult } from "../domain/index.ts";
import { fillArgument, type Values } from "./placeholders.ts";

/** What a command of a hook runs in. */
export interface CommandOptions {
  /** The environment of corewatch's own process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of a text; a variable that it would change is one, and the command does not get it. */
  readonly redact: (text: string) => string;
}

/** Never secrets, and needed by all: a password that is an ordinary word must not take them away. */
const PLAIN = /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|TZ|TERM|LANG|LC_[A-Z]+)$/;
/** The last output of a command is told, so much of it. */
const TOLD_CHARACTERS = 400;
const KEPT_BYTES = 16 << 10;
/** Between the polite end and the hard one, ms. */
const POLITE_MS = 2_000;
/** Something that the command left running may hold its output open: it is not waited for longer, ms. */
const OUTPUT_MS = 500;

/**
 * Runs the command of a hook, without a shell, in a process group of its own that is ended as a whole at the time limit.
 * Good is exit code 0. @throws PlaceholderError
 */
export async function callCommand(
  hook: Extract<Hook, { kind: "command" }>,
  values: Values,
  options: CommandOptions,
  signal: AbortSignal,
): Promise<HookResult> {
  const [program, ...args] = hook.argv.map((argument) => fillArgument(argument, values));
  if (program === undefined || program === "") return { ok: false, detail: "the hook's command is empty" };
  if (signal.aborted) return { ok: false, detail: `${program} was called off` };
  const child = spawn(program, args, {
    detached: true,
    shell: false,
    env: environmentFor(options),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const output = gather(child);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(hook.timeoutMs)]);
  const ended = await endOf(child, limit);
  const said = options.redact(output()).trim().replaceAll(/\s+/g, " ").slice(-TOLD_CHARACTERS);
  const more = said === "" ? "" : `: ${said}`;
  if (ended.error !== undefined) return { ok: false, detail: `${program} could not be started (${ended.error})` };
  if (ended.code === 0) return { ok: true, detail: `${program} ended well${more}` };
  if (signal.aborted) return { ok: false, detail: `${program} was called off` };
  if (limit.aborted)
    return { ok: false, detail: `${program} was ended after its time limit of ${hook.timeoutMs / 1000} s${more}` };
  return { ok: false, detail: `${program} ended with ${ended.code ?? ended.signal ?? "an error"}${more}` };
}

/** The process's environment without corewatch's own variables and without every value that is one of its secrets. */
function environmentFor({ env, redact }: CommandOptions): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name.startsWith("COREWATCH_")) continue;
    if (PLAIN.test(name) || redact(value) === value) kept[name] = value;
  }
  return kept;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started. */
  readonly error: string | undefined;
}

function endOf(child: ChildProcess, limit: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = [];
    const stop = (): void => {
      endGroup(child, "SIGTERM");
      timers.push(setTimeout(() => endGroup(child, "SIGKILL"), POLITE_MS));
    };
    let over = false;
    const done = (ended: Ended): void => {
      if (over) return;
      over = true;
      for (const timer of timers) clearTimeout(timer);
      limit.removeEventListener("abort", stop);
      // What it left behind in its group ends with it where it was stopped; else it is the user's own affair.
      if (limit.aborted) endGroup(child, "SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(ended);
    };
    limit.addEventListener("abort", stop, { once: true });
    child.once("error", (error: NodeJS.ErrnoException) =>
      done({ code: null, signal: null, error: error.code ?? error.message }),
    );
    child.once("exit", (code, signal) => {
      const ended = { code, signal, error: undefined };
      child.once("close", () => done(ended));
      timers.push(setTimeout(() => done(ended), OUTPUT_MS));
    });
  });
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The whole group is gone already (EPERM: and its id is somebody else's by now), which is what was wanted.
    if (!(error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM"))) throw error;
  }
}

/** The end of what the command says, on both of its outputs. */
function gather(child: ChildProcess): () => string {
  let kept = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > KEPT_BYTES) kept = kept.subarray(kept.length - KEPT_BYTES);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => kept.toString("utf8");
}
