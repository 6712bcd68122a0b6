import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smooth } from '../../src/charts/index.ts';

test('a value weighs half of the one a half-life behind it', () => {
  assert.equal(smooth([3, 6], 1), [3, (3 / 2 + 6) / (1 / 2 + 1)]);
  const [, , third] = smooth([1, 0, 0], 2);
  assert.ok(Math.abs((third ?? 0) - 0.5 / (0.5 + Math.SQRT1_2 + 1)) < 1e-12);
});

test('the start has no bias: equal values stay as they are', () => {
  for (const value of smooth([7, 7, 7, 7], 10)) assert.ok(Math.abs(value - 7) < 1e-12);
});

test.run();
