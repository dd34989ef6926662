import type { Core } from "../domain/index.ts";

/** How a core counts, by what is expected of it. */
export interface Standing {
  /** It is expected to go, or is new and still has time: what its probes say is noted, and no reason to call anybody. */
  readonly isExcused: boolean;
  /** It is new, and its time to become ready is over. */
  readonly isOverdue: boolean;
  /** It does not carry its share of the load: on its way out, or not there yet. */
  readonly isAbsent: boolean;
}

/**
 * How each of these cores counts at `now` (epoch ms). Where all cores are on their way out and none is to come, nobody takes
 * over from them: then they are missed like any other.
 */
export function standingIn(cores: readonly Core[], now: number): (core: Core, answers: boolean) => Standing {
  const someStay = cores.some((core) => !isGoing(core));
  return (core, answers) => {
    const { expectation } = core;
    if (isGoing(core)) {
      // A host that has had its notice serves to the end; what drains is sent nothing any more.
      const serves = expectation?.state === "leaving" && answers;
      return { isExcused: someStay, isOverdue: false, isAbsent: someStay && !serves };
    }
    const isStarting = expectation?.state === "starting";
    const isOverdue = isStarting && expectation.until !== null && now >= expectation.until;
    return { isExcused: isStarting && !isOverdue, isOverdue, isAbsent: isStarting && !answers };
  };
}

function isGoing({ expectation }: Core): boolean {
  return expectation?.state === "draining" || expectation?.state === "leaving";
}
