import type { Config } from '../config/schema.ts';
import { randomNormal, randomUniform } from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How many numbers a latent has, and how they are distributed. */
export type LatentConfig = Config['latent'];

/** Latents drawn on the device: uniform in [-1, 1) or normal. `random` is the state int32 [2]. */
export const drawLatents = ({ distribution }: LatentConfig, shape: Shape, random: Tensor): Tensor =>
  distribution === 'uniform' ? randomUniform(random, shape, -1, 1) : randomNormal(random, shape);
