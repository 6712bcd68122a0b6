import { feed, type Graph, trace } from '../tensor/trace.ts';
import { discriminatorStep, generatorStep, simultaneousStep } from './adversarial.ts';
import { useAverage } from './average.ts';
import { type DescriptorStatistics, latentsFromNoise } from './descriptors.ts';
import { equilibriumStep } from './equilibrium.ts';
import type { TrainingModel } from './model.ts';

/** A graph of the training step. A step runs its programs in order. */
export interface StepProgram {
  readonly graph: Graph;
  /** How often it runs in training step `step` (from 1). */
  readonly repeats: (step: number) => number;
  /** Whether it reads a batch of real images, feed `real`. */
  readonly readsImages: boolean;
}

/** The practical guide's schedule of the critic: close to optimal at the start, and again at every 500th step. */
const GUIDE = { firstSteps: 100, every: 500, repeats: 100 };

/** The programs of a model's schedule. */
export function stepPrograms(model: TrainingModel): StepProgram[] {
  const { schedule, discriminatorSteps, generatorSteps, criticSchedule } = model.config;
  const once = () => 1;
  if (model.equilibrium) return [{ graph: equilibriumStep(model), repeats: once, readsImages: true }];
  if (schedule === 'simultaneous') return [{ graph: simultaneousStep(model), repeats: once, readsImages: true }];
  const thorough = (step: number) =>
    criticSchedule === 'guide' && (step <= GUIDE.firstSteps || step % GUIDE.every === 0);
  return [
    {
      graph: discriminatorStep(model),
      repeats: (step) => (thorough(step) ? GUIDE.repeats : discriminatorSteps),
      readsImages: true,
    },
    { graph: generatorStep(model), repeats: () => generatorSteps, readsImages: false },
  ];
}

/** Latents [N, z] of the descriptors' distribution from normal numbers. Feed `noise` [N, z]; output `latents`. */
export const latentsProgram = (descriptors: DescriptorStatistics, count: number): Graph =>
  trace('latents', () => ({
    latents: latentsFromNoise(descriptors, feed('noise', [count, ...descriptors.mean.shape])),
  }));

/** Images from latents [N, latent], with the running statistics of training, by the averaged weights where an average is kept.
 *  Feed `latents`; output `images` [N,H,W,C]. */
export const sampleProgram = ({ generator, config, average }: TrainingModel, count: number): Graph =>
  trace('sample', () => {
    if (average) useAverage(average);
    return { images: generator.apply(feed('latents', [count, config.latent.size]), { training: false }) };
  });
