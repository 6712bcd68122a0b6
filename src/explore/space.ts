import { type Config, isConditional, representativesOf } from '../config/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { elements } from '../tensor/shape.ts';
import { type Checkpoint, hostLatents, type TrainingSession } from '../train/index.ts';
import { type DescriptorMoments, descriptorsFromNoise, readDescriptors } from './descriptors.ts';
import { type Direction, eigendirections, principalDirections } from './directions.ts';
import type { Arc } from './interpolate.ts';
import { type Latent, rowsOf } from './vectors.ts';

/** The latents of a run: where they lie and how they are distributed. */
export interface LatentSpace {
  readonly size: number;
  /** The centre of the distribution. */
  readonly origin: Latent;
  /** The path between two latents that stays among likely ones: spherical for noise, linear for descriptors. */
  readonly arc: Arc;
  /** Absent for the families whose latents are pure noise. */
  readonly descriptors?: DescriptorMoments;
  /** Latents as training draws them. Number i depends on (seed, i) alone. */
  draw(count: number, seed: number): Latent[];
  /** As many as the latent's size, the strongest first: eigenvectors of the descriptors' covariance, or the principal
   *  directions of the generator's first layer. @throws ConfigError directions_missing if that layer is not linear */
  directions(): Promise<readonly Direction[]>;
}

/** The space of noise, and of so many representative variables behind it, with a linear layer's weight [size, units] to find directions
 *  by. */
export function noiseSpace(
  latent: Config['latent'],
  readWeight: () => Promise<ArrayLike<number>>,
  representatives = 0,
): LatentSpace {
  const size = latent.size + representatives;
  const { centre, deviation } = NOISE[latent.distribution === 'descriptors' ? 'normal' : latent.distribution];
  return {
    size,
    // The mean of a variable that is 0 or 1.
    origin: new Float64Array(size).fill(centre, 0, latent.size).fill(0.5, latent.size),
    arc: 'spherical',
    draw: (count, seed) => rowsOf(hostLatents(latent, count, seed, representatives), count),
    directions: async () => principalDirections(rowsOf(await readWeight(), size), deviation),
  };
}

/** The mean and deviation of each number; a uniform distribution has a twelfth of its width's square as variance. */
const NOISE = {
  uniform: { centre: 0, deviation: Math.sqrt(1 / 3) },
  unit: { centre: 0.5, deviation: Math.sqrt(1 / 12) },
  normal: { centre: 0, deviation: 1 },
} as const;

/** The space of descriptors with these moments. */
export function descriptorSpace(moments: DescriptorMoments): LatentSpace {
  const size = moments.mean.length;
  const noise = { size, distribution: 'normal' } as const;
  return {
    size,
    origin: moments.mean,
    arc: 'linear',
    descriptors: moments,
    draw: (count, seed) => descriptorsFromNoise(moments, rowsOf(hostLatents(noise, count, seed), count)),
    directions: async () => eigendirections(moments.covariance),
  };
}

/** The latent space of a run at a checkpoint: that of descriptors where its generator was trained on them, or else of noise.
 *  @throws CheckpointError descriptors_missing, descriptors_damaged */
export async function openSpace(session: TrainingSession, checkpoint: Checkpoint): Promise<LatentSpace> {
  const { config } = session.model;
  const { latent } = config;
  if (latent.distribution !== 'descriptors') {
    return noiseSpace(latent, () => firstLinearWeight(session), representativesOf(config).length);
  }
  const moments = await readDescriptors(checkpoint, latent.size);
  if (moments) return descriptorSpace(moments);
  throw new CheckpointError(
    'descriptors_missing',
    `${checkpoint.folder}: expected the mean and covariance of descriptors, which this run draws its latents from, but the checkpoint holds none`,
  );
}

/** The rows [latent, units] of the weight by which the generator's first linear layer reads latents, averaged where samples are drawn from
 *  the average. */
async function firstLinearWeight(session: TrainingSession): Promise<ArrayLike<number>> {
  const { generator, average, config } = session.model;
  // Labels stand behind the latents of a conditional generator.
  const first = generator.layers[isConditional(config) ? 1 : 0];
  const inputs = elements(first?.inputShape ?? []);
  const weight = first?.variables.find(({ shape }) => shape.length === 2 && shape[0] === inputs);
  if (!weight) {
    throw new ConfigError(
      'directions_missing',
      `the generator of recipe '${config.recipe}' does not begin with a linear layer, so it has no principal directions; interpolate and arithmetic need none`,
    );
  }
  const read = average?.pairs.find(({ current }) => current === weight)?.average ?? weight;
  return (await session.read(read)).subarray(0, elements(generator.inputShape) * (weight.shape[1] as number));
}

/** The moments of a space's descriptors. @param picture what needs them
 *  @throws ConfigError descriptors_needed for a space of noise */
export function requireDescriptors({ descriptors }: LatentSpace, picture: string): DescriptorMoments {
  if (descriptors) return descriptors;
  throw new ConfigError(
    'descriptors_needed',
    `${picture} needs the mean and covariance of descriptors, which only a BEGAN keeps; this run's latents are noise. For those there are interpolate, eigen and arithmetic.`,
  );
}
