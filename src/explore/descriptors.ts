import { CheckpointError } from '../errors.ts';
import type { Checkpoint } from '../train/index.ts';
import { addScaled, dot, type Latent, rowsOf } from './vectors.ts';

/** Mean and covariance of the descriptors that a BEGAN's encoder gives real images. */
export interface DescriptorMoments {
  /** [z] */
  readonly mean: Latent;
  /** Rows of [z,z]. */
  readonly covariance: readonly Latent[];
}

const MEAN = 'descriptors.mean';
const COVARIANCE = 'descriptors.covariance';

/** The descriptor statistics of a checkpoint; undefined if it holds none.
 *  @throws CheckpointError descriptors_damaged if they do not fit latents of `size` or are not finite */
export async function readDescriptors(checkpoint: Checkpoint, size: number): Promise<DescriptorMoments | undefined> {
  const state = checkpoint.files.get('state');
  if (!state?.tensors.has(MEAN) || !state.tensors.has(COVARIANCE)) return undefined;
  const mean = Float64Array.from(await state.read(MEAN));
  const covariance = Float64Array.from(await state.read(COVARIANCE));
  if (mean.length !== size || covariance.length !== size * size || ![...mean, ...covariance].every(Number.isFinite)) {
    throw new CheckpointError(
      'descriptors_damaged',
      `${checkpoint.folder}: expected finite descriptor statistics of ${size} values and ${size}x${size} covariances, but found ${mean.length} and ${covariance.length}; explore an earlier checkpoint with --step`,
    );
  }
  return { mean, covariance: rowsOf(covariance, size) };
}

/** A pivot below this part of its diagonal element is rounding of the float32 statistics. */
const DEPENDENT = 1e-5;

/** The lower triangular L with L L^T = a (rows, symmetric, positive semi-definite); a column whose pivot is rounding is zero. */
export function choleskyFactor(a: readonly Latent[]): Latent[] {
  const lower = a.map((row) => new Float64Array(row.length));
  for (const [i, row] of lower.entries()) {
    const original = a[i] as Latent;
    for (let j = 0; j < i; j++) {
      const other = lower[j] as Latent;
      const pivot = other[j] as number;
      row[j] = pivot === 0 ? 0 : ((original[j] as number) - dot(row.subarray(0, j), other)) / pivot;
    }
    const rest = (original[i] as number) - dot(row, row);
    if (rest > DEPENDENT * (original[i] as number)) row[i] = Math.sqrt(rest);
  }
  return lower;
}

/** Descriptors N(mean, covariance) from vectors of independent normal noise: mean + L e. */
export function descriptorsFromNoise({ mean, covariance }: DescriptorMoments, noise: readonly Latent[]): Latent[] {
  const lower = choleskyFactor(covariance);
  return noise.map((e) =>
    addScaled(
      mean,
      1,
      Float64Array.from(lower, (row) => dot(row, e)),
    ),
  );
}
