import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ConfigError } from '../errors.ts';
import { dot, type Latent } from './vectors.ts';

/** A direction in which latents are moved. */
export interface Direction {
  /** Of length 1. */
  readonly vector: Latent;
  /** How far one unit of movement goes: the standard deviation of latents along it. */
  readonly deviation: number;
}

interface Eigenpair {
  readonly value: number;
  readonly vector: Latent;
}

/** Eigenvalues and eigenvectors of a symmetric matrix, the largest value first. Of the two signs of a vector the one is taken in
 *  which its largest component is positive. */
export function eigenpairs(matrix: readonly Latent[]): Eigenpair[] {
  const rows = matrix.map((row) => [...row]);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  return realEigenvalues
    .map((value, i) => ({ value, vector: oriented(Float64Array.from(eigenvectorMatrix.getColumn(i))) }))
    .sort((a, b) => b.value - a.value);
}

function oriented(vector: Latent): Latent {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

/** The eigenvectors of a covariance with the square roots of their eigenvalues, the largest first. */
export const eigendirections = (covariance: readonly Latent[]): Direction[] =>
  eigenpairs(covariance).map(({ value, vector }) => ({ vector, deviation: Math.sqrt(Math.max(value, 0)) }));

/** The principal directions of a linear layer z W, W given by its rows [latent, units]: its left singular vectors, which are
 *  the eigenvectors of W W^T, the largest singular value first. Movement along the first changes the layer's output the most.
 *  `deviation` is that of the latents, which noise has alike in every direction. @see arXiv:2007.06600 */
export function principalDirections(weight: readonly Latent[], deviation: number): Direction[] {
  const products = weight.map((a) => Float64Array.from(weight, (b) => dot(a, b)));
  return eigenpairs(products).map(({ vector }) => ({ vector, deviation }));
}

/** The directions of these indices. @throws ConfigError direction_range for an index that is none */
export function chooseDirections(directions: readonly Direction[], indices: readonly number[]): Direction[] {
  return indices.map((index) => {
    const direction = directions[index];
    if (direction) return direction;
    throw new ConfigError(
      'direction_range',
      `direction ${index}: this run has directions 0 to ${directions.length - 1}, the strongest first; choose among them`,
    );
  });
}
