import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DataError } from '../../src/errors.ts';
import { expectComparable, featureMatrix, gatherInFloat64 } from '../../src/metrics/feature_matrix.ts';
import { normalFeatures } from './random.ts';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as DataError).code;
  }
  return 'nothing';
};

test('features are whole rows of finite numbers', () => {
  assert.equal(featureMatrix(Float32Array.of(1, 2, 3, 4), 2), {
    rows: 2,
    columns: 2,
    values: Float32Array.of(1, 2, 3, 4),
  });
  assert.is(
    codeOf(() => featureMatrix(new Float32Array(5), 2)),
    'features_shape',
  );
  assert.is(
    codeOf(() => featureMatrix(new Float32Array(5), 0)),
    'features_shape',
  );
});

test('a feature that is not a number is refused by its image and column', () => {
  const values = new Float32Array(12);
  values[7] = Number.NaN;
  assert.throws(
    () => featureMatrix(values, 3),
    (error: DataError) => error.code === 'features_not_finite' && error.message.includes('image 2 has NaN in column 1'),
  );
  values[7] = Number.POSITIVE_INFINITY;
  assert.is(
    codeOf(() => featureMatrix(values, 3)),
    'features_not_finite',
  );
});

test('sets of different networks, of different numbers, and of too few images are refused', () => {
  const set = normalFeatures(8, 3, 1);
  expectComparable(set, normalFeatures(8, 3, 2), 8);
  assert.is(
    codeOf(() => expectComparable(set, normalFeatures(8, 4, 2))),
    'features_differ',
  );
  assert.is(
    codeOf(() => expectComparable(set, normalFeatures(7, 3, 2))),
    'samples_differ',
  );
  assert.is(
    codeOf(() => expectComparable(set, set, 9)),
    'samples_few',
  );
});

test('rows are gathered in the order of their indices', () => {
  const set = featureMatrix(Float32Array.of(1, 2, 3, 4, 5, 6), 2);
  assert.equal([...gatherInFloat64(set, [2, 0])], [5, 6, 1, 2]);
});

test.run();
