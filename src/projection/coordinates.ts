import { type Config, representativesOf } from '../config/index.ts';
import { choleskyFactor } from '../explore/descriptors.ts';
import type { LatentSpace } from '../explore/index.ts';
import { dot, type Latent, subtract } from '../explore/vectors.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import {
  add,
  concat,
  div,
  matmul,
  maximum,
  minimum,
  mul,
  perChannel,
  perSample,
  reduceSum,
  slice,
  sqrt,
  square,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** Coordinates of latents in which all directions are alike, and how far a likely latent is from their origin. */
export interface Coordinates {
  /** Numbers of a latent, and of its coordinates. */
  readonly size: number;
  /** Coordinates [N,size] -> latents [N,size]. */
  latents(coordinates: Tensor): Tensor;
  /** The nearest coordinates [N,size] of latents as they are drawn. */
  bounded(coordinates: Tensor): Tensor;
  /** The coordinates of a latent; of one that is never drawn, the nearest that may be. */
  of(latent: Latent): Latent;
  /** What the tensors read, with the values that a device has to hold. */
  readonly variables: readonly { readonly variable: Variable; readonly values: Float32Array }[];
}

/** Coordinates of a run's latents: of uniform numbers and of representative variables from -1 to 1, of normal ones themselves, and of
 *  descriptors the normal numbers that they are made of. */
export function coordinatesOf(config: Pick<Config, 'latent' | 'extractor'>, space: LatentSpace): Coordinates {
  const { size, distribution } = config.latent;
  if (space.descriptors) return ofDescriptors(space.descriptors);
  const noise = distribution === 'normal' ? ball(size) : box(size, distribution === 'unit');
  const behind = representativesOf(config).length;
  return behind === 0 ? noise : beside(noise, box(behind, true));
}

/** Numbers from -1 to 1, or from 0 to 1. */
function box(size: number, isUnit: boolean): Coordinates {
  const [scale, shift] = isUnit ? [0.5, 0.5] : [1, 0];
  return {
    size,
    latents: (coordinates) => (isUnit ? add(mul(scale, coordinates), shift) : coordinates),
    bounded: (coordinates) => minimum(maximum(coordinates, -1), 1),
    of: (latent) => latent.map((value) => Math.min(1, Math.max(-1, (value - shift) / scale))),
    variables: [],
  };
}

/** Keeps the length of zeros, which are no longer than allowed, from dividing by 0. */
const LEAST_SQUARE = 1e-12;

/** Normal numbers, together no longer than 999 of 1,000 that are drawn. */
function ball(size: number): Coordinates {
  const radius = radiusOf(size);
  return {
    size,
    latents: (coordinates) => coordinates,
    bounded(coordinates) {
      const lengths = sqrt(maximum(reduceSum(square(coordinates), [1]), LEAST_SQUARE));
      return mul(coordinates, perSample(minimum(div(radius, lengths), 1), coordinates.shape));
    },
    of(latent) {
      const factor = Math.min(1, radius / Math.sqrt(dot(latent, latent)));
      return latent.map((value) => value * factor);
    },
    variables: [],
  };
}

/** The length below which 999 of 1,000 vectors of so many normal numbers lie.
 *  @see Wilson and Hilferty, The distribution of chi-square (1931) */
function radiusOf(size: number): number {
  const DEVIATIONS = 3.0902;
  const variance = 2 / (9 * size);
  return Math.sqrt(size * (1 - variance + DEVIATIONS * Math.sqrt(variance)) ** 3);
}

function ofDescriptors({ mean, covariance }: NonNullable<LatentSpace['descriptors']>): Coordinates {
  const size = mean.length;
  const factor = choleskyFactor(covariance);
  const centre = statistic('projection.mean', [size], zeros);
  const lower = statistic('projection.factor', [size, size], zeros);
  const noise = ball(size);
  return {
    size,
    latents(coordinates) {
      const offset = matmul(coordinates, read(lower), { transposeB: true });
      return add(offset, perChannel(read(centre), offset.shape));
    },
    bounded: noise.bounded,
    of: (latent) => noise.of(solved(factor, subtract(latent, mean))),
    variables: [
      { variable: centre, values: Float32Array.from(mean) },
      { variable: lower, values: Float32Array.from(factor.flatMap((row) => [...row])) },
    ],
  };
}

/** x of L x = b; 0 where a column of the lower triangular L is 0. */
function solved(lower: readonly Latent[], b: Latent): Latent {
  const x = new Float64Array(b.length);
  for (const [i, row] of lower.entries()) {
    const pivot = row[i] as number;
    if (pivot > 0) x[i] = ((b[i] as number) - dot(row.subarray(0, i), x)) / pivot;
  }
  return x;
}

/** Coordinates of two kinds, one behind the other. */
function beside(first: Coordinates, second: Coordinates): Coordinates {
  const size = first.size + second.size;
  const each = (coordinates: Tensor, apply: (part: Coordinates, own: Tensor) => Tensor): Tensor => {
    const count = coordinates.shape[0] as number;
    return concat(
      [
        apply(first, slice(coordinates, [0, 0], [count, first.size])),
        apply(second, slice(coordinates, [0, first.size], [count, second.size])),
      ],
      1,
    );
  };
  return {
    size,
    latents: (coordinates) => each(coordinates, (part, own) => part.latents(own)),
    bounded: (coordinates) => each(coordinates, (part, own) => part.bounded(own)),
    of: (latent) =>
      Float64Array.from([...first.of(latent.slice(0, first.size)), ...second.of(latent.slice(first.size))]),
    variables: [...first.variables, ...second.variables],
  };
}
