import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { frechetDistance } from '../../src/metrics/frechet.ts';
import { MomentAccumulator, type Moments, momentsOf } from '../../src/metrics/moments.ts';
import { semidefiniteFactor, symmetricEigenvalues } from '../../src/metrics/symmetric.ts';
import { assertAllClose, assertClose, fixture } from './fixture.ts';
import { normalFeatures } from './random.ts';

const sorted = (values: Float64Array) => [...values].sort((a, b) => a - b);

/** Moments of a normal distribution with independent components. */
const independent = (mean: readonly number[], variances: readonly number[]): Moments => {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  for (const [i, variance] of variances.entries()) covariance[i * (size + 1)] = variance;
  return { count: 100, mean: Float64Array.from(mean), covariance };
};

test('mean and covariance are those of numpy', () => {
  const { mean, covariance, count } = momentsOf(fixture.real);
  assert.is(count, 60);
  assertAllClose(mean, fixture.mean, 1e-14);
  assertAllClose(covariance, fixture.covariance, 1e-13);
});

test('moments do not depend on the pieces that the features come in', () => {
  const features = normalFeatures(1300, 5, 1, { mean: 3 });
  const whole = momentsOf(features);
  const accumulator = new MomentAccumulator(5);
  for (const [begin, end] of [
    [0, 1],
    [1, 700],
    [700, 1300],
  ] as const) {
    accumulator.add(features.values.subarray(5 * begin, 5 * end));
  }
  const pieces = accumulator.moments();
  assert.is(pieces.count, 1300);
  assert.equal(pieces.covariance, whole.covariance);
});

test('a large mean costs the covariance no digits', () => {
  const features = normalFeatures(2000, 2, 1, { mean: 4096 });
  const near = momentsOf({ columns: 2, values: features.values.map((value) => value - 4096) });
  assertAllClose(momentsOf(features).covariance, near.covariance, 1e-10);
});

test('moments need two images', () => {
  assert.throws(
    () => momentsOf({ columns: 2, values: Float32Array.of(1, 2) }),
    (error: { code: string }) => error.code === 'samples_few',
  );
});

test('eigenvalues of symmetric matrices are the known ones', () => {
  assertAllClose(
    sorted(symmetricEigenvalues(Float64Array.of(2, 0, 0, 1, 3, 0, 0, 1, 4), 3)),
    [3 - 3 ** 0.5, 3, 3 + 3 ** 0.5],
    1e-14,
  );
  assertAllClose(sorted(symmetricEigenvalues(Float64Array.of(5), 1)), [5], 0);
  assertAllClose(sorted(symmetricEigenvalues(new Float64Array(16), 4)), [0, 0, 0, 0], 0);
  // The second difference of 40 points has the eigenvalues 2 - 2 cos(i pi / 41).
  const size = 40;
  const difference = Float64Array.from({ length: size * size }, (_, at) => {
    const distance = Math.abs(Math.floor(at / size) - (at % size));
    return [2, -1][distance] ?? 0;
  });
  const expected = Array.from({ length: size }, (_, i) => 2 - 2 * Math.cos(((i + 1) * Math.PI) / (size + 1)));
  assertAllClose(sorted(symmetricEigenvalues(difference, size)), expected, 1e-13);
});

test('a factor times itself is the matrix, and a matrix of lower rank has a factor of fewer columns', () => {
  const { covariance } = momentsOf(fixture.real);
  const full = semidefiniteFactor(covariance, 7);
  assert.is(full.rank, 7);
  assertAllClose(squareOf(full.transposed, 7), covariance, 1e-13);
  const few = momentsOf({ columns: 7, values: fixture.real.values.subarray(0, 28) });
  const short = semidefiniteFactor(few.covariance, 7);
  assert.is(short.rank, 3);
  assertAllClose(squareOf(short.transposed, 7), few.covariance, 1e-13);
});

function squareOf(transposed: Float64Array, size: number): Float64Array {
  const rank = transposed.length / size;
  return Float64Array.from({ length: size * size }, (_, at) => {
    let sum = 0;
    for (let r = 0; r < rank; r++) {
      sum += (transposed[r * size + Math.floor(at / size)] as number) * (transposed[r * size + (at % size)] as number);
    }
    return sum;
  });
}

test('the Frechet distance of two normal distributions is its closed form', () => {
  // Independent components: the squared difference of the means and of the deviations, one by one.
  const a = independent([0, 1, -2], [1, 4, 9]);
  const b = independent([3, 1, 0], [1, 1, 0.25]);
  assertClose(frechetDistance(a, b), 9 + 0 + 4 + 0 + 1 + 6.25, 1e-12);
  // Rotated by 45 degrees, the covariances do not commute: tr (A B)^(1/2) of 2x2 is sqrt(tr A B + 2 sqrt(det A B)).
  const rotated: Moments = { count: 9, mean: new Float64Array(2), covariance: Float64Array.of(2.5, 1.5, 1.5, 2.5) };
  const plain = independent([0, 0], [1, 9]);
  const root = Math.sqrt(2.5 + 22.5 + 2 * Math.sqrt(4 * 9));
  assertClose(frechetDistance(plain, rotated), 10 + 5 - 2 * root, 1e-12);
});

test('the Frechet distance is that of scipy, and the same both ways', () => {
  const [real, generated] = [momentsOf(fixture.real), momentsOf(fixture.generated)];
  assertClose(frechetDistance(real, generated), fixture.frechet, 1e-9);
  assertClose(frechetDistance(generated, real), fixture.frechet, 1e-9);
});

test('the Frechet distance of a set from itself is 0, also where there are fewer images than columns', () => {
  const many = momentsOf(normalFeatures(300, 20, 1));
  assertClose(frechetDistance(many, many), 0, 1e-10);
  const few = momentsOf(normalFeatures(10, 20, 1));
  assertClose(frechetDistance(few, few), 0, 1e-6);
  const constant = momentsOf({ columns: 2, values: new Float32Array(8).fill(3) });
  assert.is(frechetDistance(constant, constant), 0);
});

test('features of two networks are refused', () => {
  assert.throws(
    () => frechetDistance(independent([0], [1]), independent([0, 0], [1, 1])),
    (error: { code: string }) => error.code === 'features_differ',
  );
});

test.run();
