import * as fc from "fast-check";
import { deflateSync } from "node:zlib";
import { build, decodeFromCompressedBase64 } from "hdr-histogram-js";
import { expect, test } from "vitest";
import { Latency } from "../../src/store/latency.ts";

const durations = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 0, max: 50_000 }),
    fc.integer({ min: 0, max: 600_000_000 }),
  ),
  { minLength: 1, maxLength: 200 },
);

function reference(values: readonly number[]) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 2,
    bitBucketSize: 32,
    autoResize: false,
  });
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

function latencyOf(values: readonly number[]): Latency {
  const latency = new Latency();
  for (const value of values) latency.record(value);
  return latency;
}

/** The library reads the compressed form only: a cookie, a length and the deflated bytes. */
function compressed(bytes: Buffer): string {
  const deflated = deflateSync(bytes);
  const head = Buffer.alloc(8);
  head.writeInt32BE(0x1c849304 | 0x10, 0);
  head.writeInt32BE(deflated.length, 4);
  return Buffer.concat([head, deflated]).toString("base64");
}

test("the bytes are an HDR histogram that the library reads, with the same percentiles", () => {
  fc.assert(
    fc.property(durations, (values) => {
      const ours = latencyOf(values);
      const decoded = decodeFromCompressedBase64(compressed(ours.encode()));
      const expected = reference(values);
      expect(decoded.totalCount).toBe(values.length);
      for (const percentile of [0.1, 50, 90, 99, 100]) {
        expect(decoded.getValueAtPercentile(percentile)).toBe(expected.getValueAtPercentile(percentile));
        expect(ours.quantile(percentile / 100)).toBe(expected.getValueAtPercentile(percentile));
      }
    }),
    { numRuns: 200 },
  );
});

test("merging bytes is the same as having recorded everything in one", () => {
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (parts) => {
      const merged = new Latency();
      for (const part of parts) merged.merge(latencyOf(part).encode());
      expect(merged.encode()).toEqual(latencyOf(parts.flat()).encode());
    }),
    { numRuns: 100 },
  );
});

test("a reset histogram is as good as new", () => {
  const latency = latencyOf([1, 2_000, 600_000_000]);
  latency.reset();
  expect(latency.total).toBe(0);
  expect(latency.quantile(0.5)).toBeNull();
  latency.record(7);
  expect(latency.encode()).toEqual(latencyOf([7]).encode());
});

test("damaged bytes are refused", () => {
  const bytes = latencyOf([5, 5_000]).encode();
  expect(() => new Latency().merge(bytes.subarray(0, 20))).toThrow(/damaged/);
  expect(() => new Latency().merge(bytes.subarray(0, bytes.length - 1))).toThrow(/damaged/);
  expect(() => new Latency().merge(Buffer.concat([Buffer.from([1]), bytes]))).toThrow(/damaged/);
});
