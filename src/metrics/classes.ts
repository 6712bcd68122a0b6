import { mostProbable } from '../classifier/accuracy.ts';
import type { FeatureSet } from './collect.ts';
import { type FeatureMatrix, featureMatrix } from './feature_matrix.ts';
import { frechetDistance } from './frechet.ts';
import { momentsOf } from './moments.ts';

/** What is measured of one class. The network says which images are of it, the real ones too, so that its mistakes are the same on
 *  either side. */
export interface ClassFigures {
  readonly name: string;
  /** The part of the images that are of it. */
  readonly real: number;
  readonly generated: number;
  /** The Fréchet distance of its images, the first `count` of either kind; absent where there are fewer than 100. */
  readonly frechet?: number;
  readonly count: number;
}

/** Below this a Fréchet distance says nothing. */
const FEWEST = 100;

type ClassifiedSet = Required<Pick<FeatureSet, 'features' | 'probabilities'>>;

/** Compares two sets class by class. */
export function compareClasses(
  names: readonly string[],
  real: ClassifiedSet,
  generated: ClassifiedSet,
): ClassFigures[] {
  const [realRows, generatedRows] = [real, generated].map((set) => rowsByClass(set.probabilities, names.length));
  return names.map((name, index) => {
    const [a, b] = [realRows?.[index] ?? [], generatedRows?.[index] ?? []];
    const count = Math.min(a.length, b.length);
    const moments = (set: ClassifiedSet, rows: readonly number[]) =>
      momentsOf(chosenRows(set.features, rows.slice(0, count)));
    return {
      name,
      real: a.length / real.features.rows,
      generated: b.length / generated.features.rows,
      ...(count >= FEWEST && { frechet: frechetDistance(moments(real, a), moments(generated, b)) }),
      count,
    };
  });
}

/** The rows whose most probable class is the first, the second and so on. */
function rowsByClass(probabilities: Float32Array, classes: number): number[][] {
  const rows: number[][] = Array.from({ length: classes }, () => []);
  for (const [row, told] of mostProbable(probabilities, classes).entries()) rows[told]?.push(row);
  return rows;
}

function chosenRows({ columns, values }: FeatureMatrix, rows: readonly number[]): FeatureMatrix {
  const chosen = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) chosen.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return featureMatrix(chosen, columns);
}
