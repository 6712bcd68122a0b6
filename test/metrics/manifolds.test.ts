import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { featureMatrix } from '../../src/metrics/feature_matrix.ts';
import { manifoldOverlap } from '../../src/metrics/manifolds.ts';
import { nearestOthers, nearestRows, radiiOf } from '../../src/metrics/neighbours.ts';
import { atOnce } from '../../src/metrics/turns.ts';
import { assertClose, fixture } from './fixture.ts';
import { normalFeatures } from './random.ts';

const line = (...points: number[]) => featureMatrix(Float32Array.from(points), 1);

test('the radius of a neighbourhood reaches to the k-th other point', () => {
  const points = line(0, 1, 3, 7);
  assert.equal([...radiiOf(atOnce(nearestOthers(points, 1)))], [1, 1, 4, 16]);
  assert.equal([...radiiOf(atOnce(nearestOthers(points, 2)))], [9, 4, 9, 36]);
});

test('a point that is there twice is its own double neighbour', () => {
  assert.equal([...radiiOf(atOnce(nearestOthers(line(5, 5, 6), 1)))], [0, 0, 1]);
});

test('nearest rows come in order, with their squared distances', () => {
  const { indices, squares } = nearestRows(line(0, 10), line(9, -1, 4, 10), 2);
  assert.equal([...indices], [1, 2, 3, 0]);
  assert.equal([...squares], [1, 16, 0, 1]);
});

test('precision, recall, density and coverage are those of numpy', () => {
  const overlap = manifoldOverlap(fixture.real, fixture.generated, 3);
  for (const name of ['precision', 'recall', 'density', 'coverage'] as const) {
    assertClose(overlap[name], fixture.overlap[name], 1e-12, name);
  }
});

test('a set covers itself wholly, and sets that lie apart not at all', () => {
  const real = normalFeatures(100, 3, 1);
  const { precision, recall, coverage, density } = manifoldOverlap(real, real);
  assert.equal({ precision, recall, coverage }, { precision: 1, recall: 1, coverage: 1 });
  // Each image lies in its own ball and, on average, in those of k others.
  assertClose(density, 1.2, 1e-12);
  const apart = manifoldOverlap(real, normalFeatures(100, 3, 2, { mean: 50 }));
  assert.equal(apart, { precision: 0, recall: 0, density: 0, coverage: 0 });
});

test('blocks of rows do not show in the result', () => {
  // 1,100 rows are more than one block.
  const [real, generated] = [normalFeatures(1100, 2, 1), normalFeatures(1100, 2, 2)];
  const radii = radiiOf(atOnce(nearestOthers(real, 2)));
  for (const row of [0, 1023, 1024, 1099]) assertClose(radii[row] as number, slowRadius(row), 1e-12);
  const { indices } = nearestRows(real, generated, 1);
  assert.ok(indices.every((index) => index >= 0 && index < 1100));
  assert.ok(indices.some((index) => index >= 1024));

  function slowRadius(row: number): number {
    const point = (at: number) => real.values.subarray(2 * at, 2 * at + 2);
    const square = (at: number) =>
      point(row).reduce((sum, value, i) => sum + (value - (point(at)[i] as number)) ** 2, 0);
    const others = Array.from({ length: 1100 }, (_, at) => (at === row ? Number.POSITIVE_INFINITY : square(at)));
    return others.sort((a, b) => a - b)[1] as number;
  }
});

test('two sets of one distribution have the density and coverage that theory gives them', () => {
  // scripts/metrics/published.ts holds 10,000 vectors against published figures; fewer come near the theory.
  const overlap = manifoldOverlap(normalFeatures(1000, 500, 1), normalFeatures(1000, 500, 2));
  assertClose(overlap.density, 1, 0.1);
  assertClose(overlap.coverage, 1 - 2 ** -5, 0.02);
  assert.ok(overlap.precision < 0.8 && overlap.recall < 0.8, 'precision and recall fail for equal distributions');
});

test('sets of different sizes, and more neighbours than images, are refused', () => {
  assert.throws(() => manifoldOverlap(line(1, 2, 3), line(1, 2)), /received 3 and 2/);
  assert.throws(() => manifoldOverlap(line(1, 2, 3), line(1, 2, 3), 3), /at least 4 images/);
  assert.throws(() => nearestRows(line(1), line(1, 2), 3), /more than 2 images/);
});

test.run();
