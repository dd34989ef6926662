/**
 * Exit codes, the same in every command. Where several apply, the first of this order wins:
 * 78, 64, 130, 1, 3, 2, 0.
 */
export const EXIT = {
  /** The verdict is good; degraded too unless `--fail-on degraded`. */
  good: 0,
  /** Something is down, a threshold or rule failed, an apply was partial. */
  bad: 1,
  /** `alarms plan --detailed-exitcode` found changes. */
  changes: 2,
  /** corewatch could not tell. */
  unsure: 3,
  /** Wrong usage (sysexits EX_USAGE). */
  usage: 64,
  /** Bad configuration (sysexits EX_CONFIG). */
  configuration: 78,
  /** Interrupted. */
  interrupted: 130,
} as const;
/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with one line for a person and an exit code; never shown with a stack trace. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly exit: ExitCode;
  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}
