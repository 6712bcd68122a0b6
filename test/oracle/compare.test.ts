import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { deviations, relativeError } from '../../src/oracle/compare.ts';

test('an error is the largest difference over the largest number that was wanted', () => {
  assert.is(relativeError([1, 2, 4], [1, 2.5, 5]), 0.2);
  assert.is(relativeError([], []), 0);
});

test('where nearly zero is wanted, differences are measured against a hundredth', () => {
  assert.is(relativeError([2 ** -20], [0]), 2 ** -20 / 1e-2);
});

test('what is not finite, on either side, or of another length is infinitely far off', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.is(relativeError([bad], [1]), Number.POSITIVE_INFINITY);
    assert.is(relativeError([bad], [bad]), Number.POSITIVE_INFINITY);
  }
  assert.is(relativeError([1, 2], [1]), Number.POSITIVE_INFINITY);
});

test('results go by name; one that a side lacks is infinitely far off', () => {
  assert.equal(deviations({ a: [1], c: [0] }, { a: [2], b: [0] }), [
    { result: 'a', error: 0.5 },
    { result: 'b', error: Number.POSITIVE_INFINITY },
    { result: 'c', error: Number.POSITIVE_INFINITY },
  ]);
});

test.run();
