import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interpolate } from '../../src/explore/interpolate.ts';
import { closeTo, vector } from './close_to.ts';

test('a linear path is straight, with both ends', () => {
  const path = interpolate(vector(0, 4), vector(2, 0), 5, 'linear');
  assert.equal(
    path.map((latent) => [...latent]),
    [
      [0, 4],
      [0.5, 3],
      [1, 2],
      [1.5, 1],
      [2, 0],
    ],
  );
  assert.equal([...(interpolate(vector(1), vector(2), 1, 'linear')[0] ?? [])], [1]);
});

test('a spherical path turns at constant speed, at a constant distance between equally distant ends', () => {
  const path = interpolate(vector(2, 0), vector(0, 2), 4, 'spherical');
  for (const [i, latent] of path.entries()) {
    const angle = (i * Math.PI) / 6;
    closeTo(latent, [2 * Math.cos(angle), 2 * Math.sin(angle)]);
  }
});

test('between unequal distances the distance changes evenly', () => {
  const [, middle] = interpolate(vector(1, 0), vector(0, 3), 3, 'spherical');
  closeTo(middle ?? [], [2 * Math.SQRT1_2, 2 * Math.SQRT1_2]);
});

test('a spherical path bends about the origin that it is given', () => {
  const [, middle] = interpolate(vector(2, 1), vector(1, 2), 3, 'spherical', vector(1, 1));
  closeTo(middle ?? [], [1 + Math.SQRT1_2, 1 + Math.SQRT1_2]);
});

test('between equal, opposite or vanishing directions it is straight', () => {
  closeTo(interpolate(vector(1, 2), vector(2, 4), 3, 'spherical')[1] ?? [], [1.5, 3]);
  closeTo(interpolate(vector(1, 0), vector(-1, 0), 5, 'spherical')[1] ?? [], [0.5, 0]);
  closeTo(interpolate(vector(0, 0), vector(2, 2), 3, 'spherical')[1] ?? [], [1, 1]);
});

test.run();
