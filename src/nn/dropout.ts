import { ConfigError } from '../errors.ts';
import { dropout } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Pass } from './layer.ts';

/** Zeroes a part `rate` of x while training. @throws ConfigError dropout_random, when a pass for training has no random state */
export function dropUnits(x: Tensor, rate: number, { training, random }: Pass, path: string): Tensor {
  if (!training || rate === 0) return x;
  if (random) return dropout(x, rate, random);
  throw new ConfigError('dropout_random', `${path}: dropout while training needs a random state in the pass`);
}
