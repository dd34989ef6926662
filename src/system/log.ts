import pino from "pino";
import type { Log } from "../domain/index.ts";

/** Levels that `--log-level` takes, most talkative first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a log is made. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `text`: one readable line each, for a terminal; `json`: pino's lines, for collectors. */
  readonly format: "text" | "json";
  write(line: string): void;
  /** Takes secrets out of each finished line, so that no field can smuggle one. */
  redact(text: string): string;
}

/** A {@link Log} over pino. */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorText },
    },
    {
      write(line: string): void {
        options.write(options.redact(options.format === "json" ? line : readable(line, options.level === "debug")));
      },
    },
  );
  return wrap(logger);
}

function wrap(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** Errors are one line; the stack is for `--log-level debug`, where the text format shows it below. */
function errorText(error: unknown): unknown {
  return error instanceof Error ? { message: error.message, stack: error.stack } : error;
}

function readable(line: string, withStack: boolean): string {
  // Our own line, written a moment ago by pino.
  const { time, level, msg, ...fields }: { time: string; level: string; msg: string } & Record<string, unknown> =
    JSON.parse(line);
  const details: string[] = [];
  let stack = "";
  for (const [name, value] of Object.entries(fields)) {
    if (isErrorText(value)) {
      details.push(`${name}=${quoted(value.message)}`);
      if (withStack && value.stack !== undefined) stack = `${value.stack}\n`;
    } else details.push(`${name}=${quoted(value)}`);
  }
  const tail = details.length > 0 ? `  (${details.join(" ")})` : "";
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${msg}${tail}\n${stack}`;
}

function isErrorText(value: unknown): value is { message: string; stack?: string } {
  return typeof value === "object" && value !== null && "message" in value && "stack" in value;
}

function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[\w.:/@#-]+$/.test(text) ? text : JSON.stringify(text);
}
