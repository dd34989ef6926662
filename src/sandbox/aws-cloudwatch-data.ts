import { queryValue } from "./aws-cloudwatch-evaluate.ts";
import { dimensionsOf, queryOf } from "./aws-cloudwatch-metric.ts";
import type { CloudWatchContext } from "./aws-cloudwatch-operations.ts";
import type { SeriesName } from "./aws-cloudwatch-series.ts";
import { jsonPage, type Input, type Json, type JsonOperations } from "./aws-json.ts";
import { AwsFault, type AwsRequest } from "./aws-server.ts";

const LIST_PAGE = 500;
const MAX_DATA = 1_000;
const MAX_POINTS = 1_440;
const RECENT_MS = 3 * 3_600_000;

/** Metrics: listing, reading and putting. Here periods are what they are called, whatever the evaluation's speed. */
export function cloudWatchMetricOperations(context: CloudWatchContext): JsonOperations {
  const seriesOf = (request: AwsRequest) => context.regionOf(request.region).series;
  return {
    ListMetrics: (input, request) => {
      const series = seriesOf(request);
      const recent = input.text("RecentlyActive") === "PT3H" ? context.clock.now() - RECENT_MS : -Infinity;
      const found = series.names().filter((name) => fits(name, input) && (series.newest(name) ?? 0) >= recent);
      const { items, next } = jsonPage(found, input.text("NextToken"), LIST_PAGE);
      return {
        Metrics: items.map(({ namespace, metric, dimensions }) => ({
          Namespace: namespace,
          MetricName: metric,
          Dimensions: dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
        })),
        NextToken: next,
      };
    },

    GetMetricData: (input, request) => {
      const queries = (input.structures("MetricDataQueries") ?? []).map(queryOf);
      const [from, to] = span(input);
      const results = queries
        .filter((query) => query.returnData)
        .map((query): Json => {
          const period = query.stat?.period ?? query.period ?? 60;
          const points = periods(from, to, period).flatMap((start) => {
            // A period holds what was measured from its start on, up to the next one's.
            const value = queryValue(query, queries, seriesOf(request), start - 1, start + period * 1000 - 1);
            return value === undefined ? [] : [{ start, value }];
          });
          if (input.text("ScanBy") !== "TimestampAscending") points.reverse();
          return {
            Id: query.id,
            Label: query.label ?? query.stat?.metric ?? query.id,
            Timestamps: points.map((point) => point.start / 1000),
            Values: points.map((point) => point.value),
            StatusCode: "Complete",
          };
        });
      return { MetricDataResults: results, Messages: [] };
    },

    GetMetricStatistics: (input, request) => {
      const name = {
        namespace: input.required("Namespace"),
        metric: input.required("MetricName"),
        dimensions: dimensionsOf(input),
      };
      const [from, to] = span(input);
      const period = input.number("Period") ?? 0;
      const statistics = input.texts("Statistics") ?? [];
      const extended = input.texts("ExtendedStatistics") ?? [];
      const points = periods(from, to, period).flatMap((start): Json[] => {
        const value = (statistic: string): number | undefined =>
          seriesOf(request).statistic(name, statistic, start - 1, start + period * 1000 - 1);
        if (value("SampleCount") === undefined) return [];
        const plain = Object.fromEntries(statistics.map((statistic) => [statistic, value(statistic)]));
        const more = Object.fromEntries(extended.map((statistic) => [statistic, value(statistic)]));
        return [{ Timestamp: start / 1000, ...plain, ...(extended.length === 0 ? {} : { ExtendedStatistics: more }) }];
      });
      return { Label: name.metric, Datapoints: points };
    },

    PutMetricData: (input, request) => {
      const namespace = input.required("Namespace");
      if (namespace.startsWith("AWS/"))
        throw new AwsFault("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.");
      const data = input.structures("MetricData") ?? [];
      if (data.length > MAX_DATA) throw new AwsFault("ValidationError", `At most ${MAX_DATA} data can be put at once`);
      const series = seriesOf(request);
      for (const datum of data) {
        const name = { namespace, metric: datum.required("MetricName"), dimensions: dimensionsOf(datum) };
        const at = datum.time("Timestamp") ?? context.clock.now();
        const values = datum.numbers("Values") ?? [datum.number("Value") ?? 0];
        const counts = datum.numbers("Counts");
        values.forEach((value, index) => series.put(name, { at, value, count: counts?.[index] ?? 1 }));
      }
      return {};
    },
  };
}

function fits(name: SeriesName, input: Input): boolean {
  const [namespace, metric] = [input.text("Namespace"), input.text("MetricName")];
  if (namespace !== undefined && namespace !== name.namespace) return false;
  if (metric !== undefined && metric !== name.metric) return false;
  return (input.structures("Dimensions") ?? []).every((filter) => {
    const [wanted, value] = [filter.required("Name"), filter.text("Value")];
    return name.dimensions.some((one) => one.name === wanted && (value === undefined || one.value === value));
  });
}

function span(input: Input): readonly [from: number, to: number] {
  const [from, to] = [input.time("StartTime"), input.time("EndTime")];
  if (from === undefined || to === undefined || from >= to)
    throw new AwsFault("ValidationError", "StartTime must be before EndTime");
  return [from, to];
}

/** Starts of the periods between `from` and `to`, aligned to the period. @throws AwsFault when there would be too many */
function periods(from: number, to: number, period: number): number[] {
  const length = period * 1000;
  if (!(length >= 1000)) throw new AwsFault("ValidationError", "Period must be at least 1");
  const first = Math.floor(from / length) * length;
  if ((to - first) / length > MAX_POINTS * 70)
    throw new AwsFault("ValidationError", "Too many data points were asked for");
  const starts: number[] = [];
  for (let start = first; start < to; start += length) starts.push(start);
  return starts;
}
