import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type FeatureMatrix, featureMatrix } from '../../src/metrics/feature_matrix.ts';
import type { ManifoldOverlap } from '../../src/metrics/manifolds.ts';
import type { Plane } from '../../src/metrics/planes.ts';
import type { Estimate } from '../../src/metrics/statistics.ts';

interface Fixture {
  readonly columns: number;
  readonly real: FeatureMatrix;
  readonly generated: FeatureMatrix;
  readonly mean: readonly number[];
  readonly covariance: readonly number[];
  readonly frechet: number;
  readonly kernel: number;
  readonly overlap: ManifoldOverlap;
  readonly classes: number;
  readonly probabilities: Float32Array;
  readonly classifierScore: Estimate;
  readonly image: Plane;
  readonly other: Plane;
  readonly similarity: number;
  readonly pyramid: readonly Plane[];
  readonly resized: readonly Plane[];
}

function readFixture(): Fixture {
  const raw = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'));
  const plane = (stored: Plane): Plane => ({ ...stored, values: Float64Array.from(stored.values) });
  const features = (values: number[]) => featureMatrix(Float32Array.from(values), raw.columns);
  return {
    ...raw,
    real: features(raw.real),
    generated: features(raw.generated),
    probabilities: Float32Array.from(raw.probabilities),
    image: plane(raw.image),
    other: plane(raw.other),
    pyramid: raw.pyramid.map(plane),
    resized: raw.resized.map(plane),
  };
}

/** What numpy, scipy and Pillow computed (scripts/fixtures/metrics.py). */
export const fixture: Fixture = readFixture();

export function assertClose(actual: number, expected: number, tolerance: number, what = ''): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what} expected ${expected} within ${tolerance}, got ${actual}`,
  );
}

export function assertAllClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.is(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assertClose(actual[i] as number, expected[i] as number, tolerance, `element ${i}:`);
  }
}
