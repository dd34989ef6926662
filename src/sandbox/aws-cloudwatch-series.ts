/** One dimension of a series. */
export interface Dimension {
  readonly name: string;
  readonly value: string;
}

/** What a series is: a dimension set is one series, and another set is another, even where it is a part of it. */
export interface SeriesName {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
}

/** Values that were measured at one time. `count` values of `value` each. */
export interface Sample {
  /** Epoch ms. */
  readonly at: number;
  readonly value: number;
  readonly count: number;
}

/** Three hours, as CloudWatch keeps its finest data. */
const KEPT_MS = 3 * 3_600_000;
/** Samples of one series; beyond that the oldest go. */
const MAX_SAMPLES = 50_000;

/** What was measured, by exact dimension set. A series that nothing was ever put into does not exist. */
export class Series {
  readonly #byKey = new Map<string, { readonly name: SeriesName; readonly samples: Sample[] }>();

  put(name: SeriesName, sample: Sample): void {
    const key = keyOf(name);
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = { name, samples: [] };
      this.#byKey.set(key, found);
    }
    const { samples } = found;
    const last = samples.at(-1);
    samples.push(sample);
    if (last !== undefined && last.at > sample.at) samples.sort((a, b) => a.at - b.at);
    const oldest = (samples.at(-1)?.at ?? sample.at) - KEPT_MS;
    const keep = samples.findIndex((each) => each.at >= oldest);
    const drop = Math.max(keep, samples.length - MAX_SAMPLES);
    // In blocks, since shifting one at a time costs the whole length each time.
    if (drop > 500) samples.splice(0, drop);
  }

  /** The series of this namespace, metric and exactly these dimensions, in any order. */
  statistic(name: SeriesName, statistic: string, from: number, to: number): number | undefined {
    const samples = this.#byKey.get(keyOf(name))?.samples;
    return samples === undefined ? undefined : statisticOf(within(samples, from, to), statistic);
  }

  /** All that exist. */
  names(): readonly SeriesName[] {
    return [...this.#byKey.values()].map(({ name }) => name);
  }

  newest(name: SeriesName): number | undefined {
    return this.#byKey.get(keyOf(name))?.samples.at(-1)?.at;
  }
}

/** After `from`, up to `to` included: a period holds what was measured until its end. */
function within(samples: readonly Sample[], from: number, to: number): readonly Sample[] {
  const found: Sample[] = [];
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index];
    if (sample === undefined || sample.at <= from) break;
    if (sample.at <= to) found.push(sample);
  }
  return found;
}

/** Sum, Average, Minimum, Maximum, SampleCount or pNN.N; `undefined` without samples. @throws RangeError for another word */
export function statisticOf(samples: readonly Sample[], statistic: string): number | undefined {
  if (samples.length === 0) return undefined;
  const count = samples.reduce((sum, sample) => sum + sample.count, 0);
  const sum = samples.reduce((sum, sample) => sum + sample.value * sample.count, 0);
  switch (statistic) {
    case "Sum":
      return sum;
    case "SampleCount":
      return count;
    case "Average":
      return sum / count;
    case "Minimum":
      return samples.reduce((least, sample) => Math.min(least, sample.value), Infinity);
    case "Maximum":
      return samples.reduce((most, sample) => Math.max(most, sample.value), -Infinity);
    default:
      return percentile(samples, count, statistic);
  }
}

function percentile(samples: readonly Sample[], count: number, statistic: string): number {
  const share = Number(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(statistic)?.[1] ?? Number.NaN) / 100;
  if (!(share >= 0 && share <= 1)) throw new RangeError(`there is no statistic "${statistic}"`);
  const wanted = Math.max(1, Math.ceil(share * count));
  let seen = 0;
  const sorted = [...samples].sort((a, b) => a.value - b.value);
  for (const sample of sorted) {
    seen += sample.count;
    if (seen >= wanted) return sample.value;
  }
  return sorted.at(-1)?.value ?? 0;
}

/** A series' identity: the order of dimensions does not matter. */
export function keyOf({ namespace, metric, dimensions }: SeriesName): string {
  const pairs = dimensions.map(({ name, value }) => [name, value]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, metric, pairs]);
}
