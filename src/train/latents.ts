import { RandomSequence } from '../data/random.ts';
import type { LatentConfig } from '../games/index.ts';

const SAMPLING_STREAM = 0x5a;

/** Latents [count, size + representatives] drawn on the host: noise, and behind it representative variables, each 0 or 1. Row i depends on
 *  (seed, i) alone, so that more samples of one seed begin with the same ones. */
export function hostLatents(
  { size, distribution }: LatentConfig,
  count: number,
  seed: number,
  representatives = 0,
): Float32Array {
  const width = size + representatives;
  const latents = new Float32Array(count * width);
  const draw = DRAWS[distribution];
  for (let row = 0; row < count; row++) {
    const random = new RandomSequence(seed, SAMPLING_STREAM, row);
    for (let i = 0; i < size; i++) latents[row * width + i] = draw(random);
    for (let i = size; i < width; i++) latents[row * width + i] = Math.round(unit(random));
  }
  return latents;
}

/** Uniform in [0, 1). */
const unit = (random: RandomSequence): number => random.next() / 2 ** 32;

/** Box and Muller's transform; 1 - u keeps the logarithm finite. */
const gaussian = (random: RandomSequence): number =>
  Math.sqrt(-2 * Math.log(1 - unit(random))) * Math.cos(2 * Math.PI * unit(random));

/** Descriptors are made of normal numbers. */
const DRAWS: Record<LatentConfig['distribution'], (random: RandomSequence) => number> = {
  uniform: (random) => 2 * unit(random) - 1,
  unit,
  normal: gaussian,
  descriptors: gaussian,
};
