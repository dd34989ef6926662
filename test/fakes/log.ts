import type { Log } from "../../src/domain/index.ts";

/** One line of a {@link RecordingLog}. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A log that keeps its lines. */
export interface RecordingLog extends Log {
  readonly lines: LogLine[];
}

/** A log that tests can read. */
export function recordingLog(lines: LogLine[] = [], base: Record<string, unknown> = {}): RecordingLog {
  const at =
    (level: LogLine["level"]) =>
    (message: string, fields: Record<string, unknown> = {}): void =>
      void lines.push({ level, message, fields: { ...base, ...fields } });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => recordingLog(lines, { ...base, ...fields }),
  };
}

/** A log that nobody reads. */
export function quietLog(): Log {
  return recordingLog();
}
