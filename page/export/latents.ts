import { descriptorsFromNoise } from '../../src/explore/descriptors.ts';
import { interpolate } from '../../src/explore/interpolate.ts';
import { type Latent, rowsOf } from '../../src/explore/vectors.ts';
import { hostLatents } from '../../src/train/latents.ts';
import { about, latentSize } from './about.ts';

const { distribution, mean, covariance, representatives = [] } = about.description.latent;

/** The latents of a seed, those that `gannet sample` draws. */
export function latentsOf(seed: number, count: number): Latent[] {
  const noise = rowsOf(
    hostLatents({ size: latentSize - representatives.length, distribution }, count, seed, representatives.length),
    count,
  );
  if (!mean || !covariance) return noise;
  const rows = covariance.map((row) => Float64Array.from(row));
  return descriptorsFromNoise({ mean: Float64Array.from(mean), covariance: rows }, noise);
}

/** Latents from one to another. */
export const between = (from: Latent, to: Latent, count: number): Latent[] =>
  interpolate(from, to, count, about.arc, Float64Array.from(about.origin));
