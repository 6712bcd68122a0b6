import { addProduct } from '../device/index.ts';
import { DataError } from '../errors.ts';
import type { Moments } from './moments.ts';
import { semidefiniteFactor, symmetricEigenvalues } from './symmetric.ts';

/** The Fréchet distance of two normal distributions, squared as is the custom: |m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)). It is an
 *  FID only if the features are those of the published Inception network.
 *  @throws DataError features_differ @see arXiv:1706.08500 */
export function frechetDistance(a: Moments, b: Moments): number {
  const size = a.mean.length;
  if (b.mean.length !== size) {
    throw new DataError(
      'features_differ',
      `moments: expected both of one network's features, but received ${size} and ${b.mean.length} columns`,
    );
  }
  let distance = 0;
  for (let i = 0; i < size; i++) {
    distance += ((a.mean[i] as number) - (b.mean[i] as number)) ** 2;
    distance += (a.covariance[i * (size + 1)] as number) + (b.covariance[i * (size + 1)] as number);
  }
  return Math.max(0, distance - 2 * traceOfRoot(a.covariance, b.covariance, size));
}

/** tr (A B)^(1/2): with A = L L^T, A B has the eigenvalues of the symmetric L^T B L. */
function traceOfRoot(a: Float64Array, b: Float64Array, size: number): number {
  const { rank, transposed } = semidefiniteFactor(a, size);
  const half = new Float64Array(rank * size);
  addProduct(half, transposed, b, size);
  const product = new Float64Array(rank * rank);
  addProduct(product, half, transposed, size);
  return symmetricEigenvalues(product, rank).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}
