import type { Config } from '../config/schema.ts';
import { concat, greater, randomNormal, randomUniform } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How many numbers a latent has, and how they are distributed. */
export type LatentConfig = Config['latent'];

/** Latents [count, size] drawn on the device by the configured distribution. `random` is the state int32 [2]. */
export function drawLatents({ size, distribution }: LatentConfig, count: number, random: Tensor): Tensor {
  if (distribution === 'uniform') return randomUniform(random, [count, size], -1, 1);
  if (distribution === 'unit') return randomUniform(random, [count, size]);
  return randomNormal(random, [count, size]);
}

/** The same with so many representative variables behind them, each 0 or 1 with equal probability. */
export const drawWithRepresentatives = (
  latent: LatentConfig,
  count: number,
  representatives: number,
  random: Tensor,
): Tensor =>
  concat([drawLatents(latent, count, random), greater(randomUniform(random, [count, representatives]), 0.5)], 1);
