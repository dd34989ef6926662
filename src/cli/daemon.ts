import type { Daemon, DaemonRequest, Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/**
 * Starts the daemon. @throws Problem 64 or 78 when its web server cannot listen where `--listen` or the configuration
 * says; whatever else is in its way.
 */
export async function startOn(request: DaemonRequest, doors: Pick<Doors, "daemon">): Promise<Daemon> {
  try {
    return await doors.daemon(request);
  } catch (error) {
    if (!isListening(error)) throw error;
    const exit = request.listen === undefined ? EXIT.configuration : EXIT.usage;
    throw new Problem(exit, error.message, { cause: error });
  }
}

/** Whether what went wrong is that the web server has no place to listen. */
export function isListening(error: unknown): error is Error {
  const cause = error instanceof Error && !(error instanceof Problem) ? error.cause : undefined;
  return cause instanceof Error && "syscall" in cause && (cause.syscall === "listen" || cause.syscall === "bind");
}

/** Lets a started daemon run until a signal ends it; its exit code. `started` is told when it is certain to run. */
export async function endOf(
  daemon: Daemon,
  doors: Pick<Doors, "signal">,
  started: (daemon: Daemon) => unknown,
): Promise<ExitCode> {
  const stop = (): void => void daemon.stop();
  doors.signal.addEventListener("abort", stop, { once: true });
  try {
    if (doors.signal.aborted) stop();
    else await started(daemon);
    return (await daemon.ended) === "signal" ? EXIT.good : EXIT.bad;
  } finally {
    doors.signal.removeEventListener("abort", stop);
  }
}

/** Nothing runs yet, and a signal says that nothing shall: for a daemon that is an end in order. */
export async function untilSignal(run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Problem && error.exit === EXIT.interrupted) return EXIT.good;
    throw error;
  }
}
