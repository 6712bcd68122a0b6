import { DataError } from '../errors.ts';

/** What a network makes of images: a row of numbers for each, one row after another. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows,columns] */
  readonly values: Float32Array;
}

/** The same rows under their number of columns. @throws DataError features_shape, features_not_finite */
export function featureMatrix(values: Float32Array, columns: number): FeatureMatrix {
  if (columns < 1 || values.length % columns !== 0) {
    throw new DataError(
      'features_shape',
      `features: expected rows of ${columns} numbers, but received ${values.length} numbers in all, which are no whole rows`,
    );
  }
  expectFinite(values, columns);
  return { rows: values.length / columns, columns, values };
}

/** @param name of what made the features @param first number of the image that the first row is of
 *  @throws DataError features_not_finite, which names the first image and column that is not a number */
export function expectFinite(values: Float32Array, columns: number, name = 'features', first = 0): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new DataError(
    'features_not_finite',
    `${name}: expected finite numbers, but image ${first + Math.floor(bad / columns)} has ${values[bad]} in column ${bad % columns}; check the network and the range of its input`,
  );
}

/** Refuses two sets that no measure compares. @throws DataError features_differ, samples_differ, samples_few */
export function expectComparable(real: FeatureMatrix, generated: FeatureMatrix, least = 2): void {
  if (real.columns !== generated.columns) {
    throw new DataError(
      'features_differ',
      `features: expected both sets from one network, but real images have ${real.columns} columns and generated ones ${generated.columns}`,
    );
  }
  if (real.rows !== generated.rows) {
    throw new DataError(
      'samples_differ',
      `expected as many real images as generated ones, since every measure depends on their number, but received ${real.rows} and ${generated.rows}`,
    );
  }
  if (real.rows < least) {
    throw new DataError('samples_few', `expected at least ${least} images of either kind, but received ${real.rows}`);
  }
}

/** Rows first .. first + count - 1 in float64. */
export const rowsInFloat64 = ({ columns, values }: FeatureMatrix, first: number, count: number): Float64Array =>
  Float64Array.from(values.subarray(first * columns, (first + count) * columns));

/** The rows of these indices in float64. */
export function gatherInFloat64({ columns, values }: FeatureMatrix, indices: ArrayLike<number>): Float64Array {
  const gathered = new Float64Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * columns;
    gathered.set(values.subarray(from, from + columns), i * columns);
  }
  return gathered;
}
