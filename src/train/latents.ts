import { RandomSequence } from '../data/random.ts';
import type { LatentConfig } from '../games/index.ts';

const SAMPLING_STREAM = 0x5a;

/** Latents [count, size] drawn on the host. Row i depends on (seed, i) alone, so that more samples of one seed begin with the
 *  same ones. */
export function hostLatents({ size, distribution }: LatentConfig, count: number, seed: number): Float32Array {
  const latents = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const random = new RandomSequence(seed, SAMPLING_STREAM, row);
    const draw = distribution === 'uniform' ? () => 2 * unit(random) - 1 : () => gaussian(random);
    for (let i = 0; i < size; i++) latents[row * size + i] = draw();
  }
  return latents;
}

/** Uniform in [0, 1). */
const unit = (random: RandomSequence): number => random.next() / 2 ** 32;

/** Box and Muller's transform; 1 - u keeps the logarithm finite. */
const gaussian = (random: RandomSequence): number =>
  Math.sqrt(-2 * Math.log(1 - unit(random))) * Math.cos(2 * Math.PI * unit(random));
