import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import {
  add,
  assign,
  broadcastScalar,
  cholesky,
  matmul,
  maximum,
  mul,
  perChannel,
  randomNormal,
  reciprocal,
  reduceMean,
  reshape,
  sub,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** The running mean and covariance of the descriptors that the encoder gives real images. */
export interface DescriptorStatistics {
  /** [z] */
  readonly mean: Variable;
  /** [z,z], of the population: the mean of (h - mean)(h - mean)^T. */
  readonly covariance: Variable;
  /** Scalar: batches seen. */
  readonly batches: Variable;
}

export const createDescriptorStatistics = (size: number): DescriptorStatistics => ({
  mean: statistic('descriptors.mean', [size], zeros),
  covariance: statistic('descriptors.covariance', [size, size], zeros),
  batches: statistic('descriptors.batches', [], zeros),
});

/** Takes a batch of descriptors h [N,z] into the statistics. The batch counts for w = 1/t at batch t, which makes them exactly the
 *  mean and covariance of everything seen, or for 1/window once t exceeds it, so that they follow an encoder that is learning.
 *  The covariance grows by products of differences from the mean only, never as a difference of large squares.
 *  @see Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979) */
export function trackDescriptors({ mean, covariance, batches }: DescriptorStatistics, h: Tensor, window: number): void {
  const [count, size] = h.shape as [number, number];
  assign(batches, add(read(batches), 1));
  const weight = maximum(reciprocal(read(batches)), window > 0 ? 1 / window : 0);
  const batchMean = reduceMean(h, [0]);
  const centred = sub(h, perChannel(batchMean, h.shape));
  const within = mul(1 / count, matmul(centred, centred, { transposeA: true }));
  const shift = sub(batchMean, read(mean));
  const column = reshape(shift, [size, 1]);
  const between = matmul(column, column, { transposeB: true });
  const spread = (scalar: Tensor) => broadcastScalar(scalar, [size, size]);
  const kept = spread(sub(1, weight));
  const old = add(read(covariance), mul(spread(weight), between));
  assign(covariance, add(mul(kept, old), mul(spread(weight), within)));
  assign(mean, add(read(mean), mul(broadcastScalar(weight, [size]), shift)));
}

/** Latents [count,z] drawn from the normal distribution that has the descriptors' mean and covariance. */
export const drawFromDescriptors = (statistics: DescriptorStatistics, count: number, random: Tensor): Tensor =>
  latentsFromNoise(statistics, randomNormal(random, [count, ...statistics.mean.shape]));

/** mean + L e for each row e of `noise` [N,z], with L L^T the covariance. */
export function latentsFromNoise({ mean, covariance }: DescriptorStatistics, noise: Tensor): Tensor {
  const offset = matmul(noise, cholesky(read(covariance)), { transposeB: true });
  return add(offset, perChannel(read(mean), offset.shape));
}
