import { conditionedOn, isConditional } from '../config/conditioning.ts';
import { useAverage } from '../games/average.ts';
import type { Match } from '../games/index.ts';
import type { Shape } from '../tensor/shape.ts';
import { feed, type Graph, trace } from '../tensor/trace.ts';
import type { TrainingModel } from './model.ts';

/** Latents [N, z] as the generator is trained on, from normal numbers. Feed `noise` [N, z]; output `latents`. */
export const latentsProgram = (fromNoise: NonNullable<Match['latentsFromNoise']>, count: number, size: number): Graph =>
  trace('latents', () => ({ latents: fromNoise(feed('noise', [count, size])) }));

/** Images from latents [N, latent], with the running statistics of training, by the averaged weights where an average is kept.
 *  Feed `latents`, and `labels` [N, labels] if the generator is conditional; output `images` [N,H,W,C]. */
export const sampleProgram = ({ generator, config, average }: TrainingModel, count: number): Graph =>
  trace('sample', () => {
    if (average) useAverage(average);
    const labels = isConditional(config) && { labels: feed('labels', [count, conditionedOn(config).names.length]) };
    const latents = feed('latents', [count, ...generator.inputShape]);
    return { images: generator.apply(latents, { training: false, ...labels }) };
  });

/** What extractors read off images. Feed `images` [N,H,W,C]; output `readings` [N, representatives]. */
export const readingsProgram = (read: NonNullable<Match['readings']>, count: number, image: Shape): Graph =>
  trace('readings', () => ({ readings: read(feed('images', [count, ...image])) }));
