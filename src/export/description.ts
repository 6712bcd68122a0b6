import { type Config, conditionedOn, isConditional, representativesOf } from '../config/index.ts';
import { readDescriptors } from '../explore/index.ts';
import { packageVersion } from '../package.ts';
import type { Checkpoint, TrainingModel } from '../train/index.ts';
import type { ExportableNetwork } from './networks.ts';

/** What an exported file says of itself. */
export interface ExportDescription {
  /** The version of gannet that wrote it. */
  readonly gannet: string;
  readonly recipe: string;
  /** Of the checkpoint. */
  readonly step: number;
  readonly network: string;
  /** Whether the weights are the average that training kept of them. */
  readonly averaged: boolean;
  /** Height, width and channels of the images, whose values run from -1 to 1. */
  readonly image: readonly [number, number, number];
  readonly latent: {
    /** With the representative variables behind the noise. */
    readonly size: number;
    /** Of the noise: `uniform` in [-1, 1), `unit`: uniform in [0, 1), `normal`, or `descriptors`: normal with this mean and covariance. */
    readonly distribution: Config['latent']['distribution'];
    readonly mean?: readonly number[];
    /** Row after row. */
    readonly covariance?: readonly (readonly number[])[];
    /** What the last numbers stand for, each 0 or 1; only of an Extractor GAN. */
    readonly representatives?: readonly string[];
  };
  /** What a conditional run was told: the name for each column of `labels`. */
  readonly labels?: { readonly kind: 'classes' | 'attributes'; readonly names: readonly string[] };
}

/** Describes a network of a run at a checkpoint. @throws CheckpointError descriptors_damaged */
export async function describeExport(
  { config, generator, average }: TrainingModel,
  checkpoint: Checkpoint,
  { name }: ExportableNetwork,
): Promise<ExportDescription> {
  const { size, distribution } = config.latent;
  const representatives = representativesOf(config);
  const moments = distribution === 'descriptors' ? await readDescriptors(checkpoint, size) : undefined;
  return {
    gannet: packageVersion(),
    recipe: config.recipe,
    step: checkpoint.step,
    network: name,
    averaged: name === 'generator' && average !== undefined,
    image: generator.outputShape as readonly [number, number, number],
    latent: {
      size: size + representatives.length,
      distribution,
      ...(representatives.length > 0 && { representatives }),
      ...(moments && { mean: [...moments.mean], covariance: moments.covariance.map((row) => [...row]) }),
    },
    ...(isConditional(config) && { labels: conditionedOn(config) }),
  };
}
