import { rounded } from "./knee.ts";

/** What is known of the layout that was measured. */
export interface Layout {
  readonly rate: number;
  readonly cores: number;
  readonly instances: number;
  /** Requests a second that one core carries, where it stands now. */
  readonly ceiling: number;
  /** `false`: a core may carry more. */
  readonly reached: boolean;
}

/**
 * One core per instance, or two? A ceiling holds only for the layout it was measured in, since cores on one instance
 * share its processors. So cores that stood alone are answered with one, and cores that shared an instance with as many as
 * shared it, if the rate is still carried when a whole instance goes, and all its cores with it.
 */
export function instancesAnswer(layout: Layout): {
  readonly coresPerInstance: number;
  readonly because: readonly string[];
} {
  const { rate, cores, instances, ceiling } = layout;
  const each = Math.max(1, Math.round(cores / instances));
  const lost = Math.ceil(cores / instances);
  const carried = (cores - lost) * ceiling;
  const holds = instances >= 2 && carried >= rate;
  const fall = `when an instance goes, ${lost} of ${cores} cores go and the others carry ${rounded(carried)} of ${rounded(rate)} requests/s`;
  if (each === 1) {
    const verdict = holds ? "enough" : `not enough; ${wanting(layout)}`;
    return {
      coresPerInstance: 1,
      because: [
        `One core per instance: measured so; ${fall}: ${verdict}.`,
        "Two per instance were not measured: a second one shares the processors of the first, so its ceiling does not simply add, and both go together.",
      ],
    };
  }
  if (holds) {
    return {
      coresPerInstance: each,
      because: [
        `${each} cores per instance, as measured: ${fall}: enough. A core can then fail or be restarted without its instance being lost.`,
      ],
    };
  }
  const alone = (cores - 1) * ceiling;
  const same =
    alone >= rate
      ? `the same ${cores} cores on an instance each would lose one and carry at least ${rounded(alone)}`
      : wanting(layout);
  return {
    coresPerInstance: 1,
    because: [`One core per instance, not the ${each} that were measured: ${fall}: not enough; ${same}.`],
  };
}

/** How many instances with one core each would carry the rate with one of them gone. */
function wanting({ rate, ceiling, reached }: Layout): string {
  const instances = Math.max(2, Math.ceil(rate / ceiling) + 1);
  return `${instances} instances with a core each would be${reached ? "" : ", or fewer, since the ceiling was not reached"}`;
}
