/** The known word that `word` was probably meant to be; `undefined` when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = normal(word.slice(0, 64));
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const known = normal(candidate);
    const begun = wanted.length >= 3 && known.startsWith(wanted);
    const distance = begun ? 1 : editDistance(wanted, known, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Case and separators are the commonest slips: `load_balancer` is `loadBalancer`. */
function normal(word: string): string {
  return word.toLowerCase().replace(/[-_ .]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours between `a` and `b`; `limit` when there are that many or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return Math.min(above[b.length] ?? limit, limit);
}
