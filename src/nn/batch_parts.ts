import { ConfigError } from '../errors.ts';
import { add, mul, perChannel, reduceMean, reshape } from '../ops/index.ts';
import { standardize } from '../ops/norm.ts';
import { type Moments, moments } from '../ops/statistics.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The parts of a batch that processes which train together have, and that batch norm normalises each by itself. */
export interface BatchParts {
  /** How many there are. */
  readonly count: number;
  /** Images of all of them together. Of several times as many images, each such number in turn is cut into as many parts. */
  readonly images: number;
}

/** Batch normalisation of x [N,...,C] with the moments of each part's own images; gain and bias [C]. @throws ConfigError norm_parts, norm_of_one */
export function batchNormInParts(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number, parts: BatchParts): Tensor {
  const { split, axes } = inParts(x, parts);
  const normalized = reshape(standardize(split, axes, epsilon).normalized, x.shape);
  return add(mul(normalized, perChannel(gain, x.shape)), perChannel(bias, x.shape));
}

/** The means over the parts of x [N,...,C] of their moments, [C] each. @throws ConfigError norm_parts, norm_of_one */
export function momentsOfParts(x: Tensor, parts: BatchParts): Moments {
  const { split, axes } = inParts(x, parts);
  const { mean, variance } = moments(split, axes);
  const overParts = mean.shape.slice(0, -1).map((_, axis) => axis);
  return { mean: reduceMean(mean, overParts), variance: reduceMean(variance, overParts) };
}

/** x [N,...,C] as [parts, M, C], or as [N / images, parts, M, C], and the axes that a part's moments of a channel are taken over. */
function inParts(x: Tensor, { count, images }: BatchParts): { split: Tensor; axes: number[] } {
  const [batch] = x.shape as [number];
  if (batch % images !== 0) {
    throw new ConfigError(
      'norm_parts',
      `syncNorm: batch norm is given ${batch} images at once, which ${count} processes that share out ${images} do not have equal parts of. Leave syncNorm on.`,
    );
  }
  const runs = batch / images;
  const channels = x.shape.at(-1) as number;
  const part = elements(x.shape) / (runs * count * channels);
  if (part === 1) {
    throw new ConfigError(
      'norm_of_one',
      `syncNorm: each of ${count} processes has one image of ${images}, and batch norm nothing to compare its numbers with. Choose a larger batch, or leave syncNorm on.`,
    );
  }
  return runs === 1
    ? { split: reshape(x, [count, part, channels]), axes: [1] }
    : { split: reshape(x, [runs, count, part, channels]), axes: [0, 2] };
}
