/** Chooses by weight: `random` gives one number from 0 to 1 a choice. At least one weight must be above 0. */
export function weighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): (random: () => number) => T {
  const possible = choices.filter(([, weight]) => weight > 0);
  const last = possible.at(-1);
  if (last === undefined) throw new Error("nothing to choose from: every weight is 0");
  const total = possible.reduce((sum, [, weight]) => sum + weight, 0);
  return (random) => {
    let left = random() * total;
    for (const [choice, weight] of possible) {
      if (left < weight) return choice;
      left -= weight;
    }
    return last[0];
  };
}
