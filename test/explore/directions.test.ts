import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { choleskyFactor, descriptorsFromNoise } from '../../src/explore/descriptors.ts';
import { chooseDirections, eigendirections, principalDirections } from '../../src/explore/directions.ts';
import { rejects } from '../data/rejects.ts';
import { closeTo, vector } from './close_to.ts';

test('eigendirections of a covariance: the strongest first, of length 1, with standard deviations', () => {
  // (1, 1)/sqrt 2 with eigenvalue 9, (1, -1)/sqrt 2 with 1, and the third axis with 4.
  const directions = eigendirections([vector(5, 4, 0), vector(4, 5, 0), vector(0, 0, 4)]);
  closeTo(
    directions.map(({ deviation }) => deviation),
    [3, 2, 1],
  );
  closeTo(directions[0]?.vector ?? [], [Math.SQRT1_2, Math.SQRT1_2, 0]);
  closeTo(directions[1]?.vector ?? [], [0, 0, 1]);
  closeTo((directions[2]?.vector ?? vector()).map(Math.abs), [Math.SQRT1_2, Math.SQRT1_2, 0]);
});

test('of the two signs of a direction the one with a positive largest component is taken', () => {
  for (const { vector: direction } of eigendirections([vector(2, -1, 0), vector(-1, 3, -1), vector(0, -1, 5)])) {
    const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    assert.ok(largest > 0);
  }
});

test('rounding below zero is no deviation at all', () => {
  assert.is(eigendirections([vector(-1e-9, 0), vector(0, 1)])[1]?.deviation, 0);
});

test('principal directions of a layer are its left singular vectors', () => {
  // W = U S V^T with U = ((0.6, 0.8), (-0.8, 0.6)) as columns (0.6, -0.8) of 3 and (0.8, 0.6) of 7, and V three axes' first two.
  const weight = [vector(3 * 0.6, 7 * 0.8, 0), vector(3 * -0.8, 7 * 0.6, 0)];
  const directions = principalDirections(weight, 0.5);
  closeTo(directions[0]?.vector ?? [], [0.8, 0.6]);
  closeTo(directions[1]?.vector ?? [], [-0.6, 0.8]);
  assert.equal(
    directions.map(({ deviation }) => deviation),
    [0.5, 0.5],
  );
});

test('an index out of range is refused with the range', async () => {
  const directions = eigendirections([vector(1, 0), vector(0, 2)]);
  await rejects(() => chooseDirections(directions, [0, 2]), 'direction_range', /direction 2/, /0 to 1/);
});

test('the factor of a covariance, also of one that is not of full rank', () => {
  const lower = choleskyFactor([vector(4, 2, 0), vector(2, 10, 3), vector(0, 3, 5)]);
  assert.equal(
    lower.map((row) => [...row]),
    [
      [2, 0, 0],
      [1, 3, 0],
      [0, 1, 2],
    ],
  );
  const singular = choleskyFactor([vector(1, 1, 2), vector(1, 1, 2), vector(2, 2, 5)]);
  assert.equal(
    singular.map((row) => [...row]),
    [
      [1, 0, 0],
      [1, 0, 0],
      [2, 0, 1],
    ],
  );
});

test('descriptors are mean + L e', () => {
  const moments = { mean: vector(10, 20), covariance: [vector(4, 2), vector(2, 10)] };
  const [descriptor] = descriptorsFromNoise(moments, [vector(1, -1)]);
  closeTo(descriptor ?? [], [12, 20 + 1 - 3]);
});

test.run();
