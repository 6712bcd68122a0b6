import { distanceBlocks } from './distances.ts';
import { expectComparable, type FeatureMatrix } from './feature_matrix.ts';
import { Nearest, nearestOthers, radiiOf } from './neighbours.ts';
import { atOnce, type Pausing } from './turns.ts';

/** How far two sets of images cover each other. A set's manifold is the union of the balls that reach from each of its images to the
 *  k-th nearest other. */
export interface ManifoldOverlap {
  /** The part of generated images that lie in the real ones' manifold: are they good? */
  readonly precision: number;
  /** The part of real images that lie in the generated ones' manifold: are they all there? An outlier among the generated images has
   *  a large ball, which flatters this. */
  readonly recall: number;
  /** In how many real images' balls a generated one lies, divided by k: as precision, but no outlier among the real images flatters
   *  it. About 1 for two sets of one distribution; more is possible. */
  readonly density: number;
  /** The part of real images in whose balls a generated one lies: as recall, but of the real images' balls. */
  readonly coverage: number;
}

/** Precision and recall, density and coverage. @param k 5 if not given
 *  @throws DataError features_differ, samples_differ, samples_few @see arXiv:1904.06991, arXiv:2002.09797 */
export const manifoldOverlap = (real: FeatureMatrix, generated: FeatureMatrix, k = 5): ManifoldOverlap =>
  atOnce(compareNeighbourhoods(real, generated, k)).overlap;

/** How two sets overlap, and the neighbours that were found on the way. */
export interface Neighbourhoods {
  readonly overlap: ManifoldOverlap;
  /** The k real images that are nearest to each generated one. */
  readonly nearestReal: Nearest;
  /** The k other real images that are nearest to each real one. */
  readonly amongReal: Nearest;
}

/** Compares two sets, with a pause after each block of distances. @throws DataError as manifoldOverlap */
export function* compareNeighbourhoods(
  real: FeatureMatrix,
  generated: FeatureMatrix,
  k: number,
): Pausing<Neighbourhoods> {
  expectComparable(real, generated, k + 1);
  const count = real.rows;
  const amongReal = yield* nearestOthers(real, k);
  const realRadii = radiiOf(amongReal);
  const generatedRadii = radiiOf(yield* nearestOthers(generated, k));
  const nearestReal = new Nearest(count, k);
  const balls = new Uint32Array(count);
  const isRecalled = new Uint8Array(count);
  const isCovered = new Uint8Array(count);
  for (const { first, rows, columns, squares } of distanceBlocks(real, generated)) {
    for (let i = first[0]; i < first[0] + rows; i++) {
      for (let j = first[1]; j < first[1] + columns; j++) {
        const square = squares[(i - first[0]) * columns + j - first[1]] as number;
        nearestReal.offer(j, square, i);
        if (square <= (realRadii[i] as number)) {
          balls[j] = (balls[j] as number) + 1;
          isCovered[i] = 1;
        }
        if (square <= (generatedRadii[j] as number)) isRecalled[i] = 1;
      }
    }
    yield;
  }
  const part = (marks: ArrayLike<number>) => Array.prototype.filter.call(marks, (mark) => mark > 0).length / count;
  const overlap = {
    precision: part(balls),
    recall: part(isRecalled),
    density: balls.reduce((sum, value) => sum + value, 0) / (k * count),
    coverage: part(isCovered),
  };
  return { overlap, nearestReal, amongReal };
}
