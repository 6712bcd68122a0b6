import { RandomSequence } from '../../src/data/random.ts';
import { normalNumbers } from '../../src/metrics/draw.ts';
import { type FeatureMatrix, featureMatrix } from '../../src/metrics/feature_matrix.ts';

/** Independent normal features of a seed, moved and scaled. */
export function normalFeatures(
  rows: number,
  columns: number,
  seed: number,
  { mean = 0, deviation = 1 } = {},
): FeatureMatrix {
  const numbers = normalNumbers(rows * columns, new RandomSequence(seed, 7, 0));
  return featureMatrix(
    Float32Array.from(numbers, (value) => mean + deviation * value),
    columns,
  );
}
