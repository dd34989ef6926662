/**
 * Advisory locks of corewatch in a database: the first number is corewatch's ("core" in ASCII with the last byte as
 * purpose), the second says over what. Written as SQL arguments.
 */
const CORE = 0x636f7200;

/** Locks over the whole database. */
export const LOCKS = {
  /** Shared by every process that uses an embedded server. */
  presence: `${CORE}, 0`,
  migration: `${CORE + 1}, 0`,
  housekeeping: `${CORE + 2}, 0`,
  partitions: `${CORE + 3}, 0`,
} as const;

/** The lock under which decisions of one fleet are made. */
export function decisionLock(fleet: number): string {
  return `${CORE + 4}, ${fleet}`;
}

/** The claim on one fleet's outbox. */
export function outboxLock(fleet: number): string {
  return `${CORE + 5}, ${fleet}`;
}

/** The turn for named work of one fleet; `$1` is the fleet's number and the work's name. */
export const TURN_LOCK = `${CORE + 6}, hashtext($1)`;
