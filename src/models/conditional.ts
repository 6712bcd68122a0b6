import { conditionedOn } from '../config/conditioning.ts';
import type { Condition } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import {
  besideEmbedding,
  besideLabels,
  block,
  type LayerBuilder,
  labelChannels,
  labelProjection,
  linear,
} from '../nn/index.ts';
import { weightInitializer } from './recipe.ts';

/** Units of the layer between a discriminator's features with their labels and its verdict in the practical guide. */
export const JOINT_UNITS = 256;

/** Labels that networks are told. */
export const labelCount = (config: Config): number => conditionedOn(config).names.length;

/** For the key of a generator that is told labels by its norms. */
export const mayHaveConditionalNorm: Condition = {
  holds: ({ model }) => model.condition !== 'none' && ['batch', 'virtual'].includes(model.generatorNorm),
  said: 'model.condition is not none and model.generatorNorm is batch or virtual',
};

/** Whether a generator is told labels by its norms, and not beside its latents. */
export const hasConditionalNorm = (config: Config): boolean =>
  config.model.conditionalNorm && mayHaveConditionalNorm.holds(config);

/** The layer that puts labels beside features, as they are or as embeddings; none where networks are not told labels. */
export function labelsBeside(config: Config): LayerBuilder[] {
  const { condition, embedding } = config.model;
  if (condition === 'none') return [];
  return [
    condition === 'embedding' ? besideEmbedding(labelCount(config), embedding) : besideLabels(labelCount(config)),
  ];
}

/** The layer that gives a discriminator's images labels as channels; none with another condition. */
export const labelsInImages = (config: Config): LayerBuilder[] =>
  config.model.condition === 'channels' ? [labelChannels(labelCount(config))] : [];

/** Whether labels stand beside a discriminator's features, with a layer behind them that joins both. */
export const hasJointLayer = ({ model: { condition } }: Config): boolean =>
  condition === 'oneHot' || condition === 'embedding';

/** The last layers of a discriminator, from its features to one number. Where labels stand beside the features, a layer of `units` with
 *  leaky ReLU comes between, since labels that are added to a number say nothing of the image.
 *  @param dropout of that layer; none if not given
 *  @param alone the same of a discriminator that its features alone are told; a linear layer if not given */
export function verdict(
  config: Config,
  { units, dropout = 0, alone }: { units: number; dropout?: number; alone?: LayerBuilder[] },
): LayerBuilder[] {
  const weights = weightInitializer(config.weights);
  const { condition, spectralNorm: spectral } = config.model;
  const toOne = block({ weights, spectral, transform: linear([1]) });
  if (condition === 'projection') return [labelProjection(labelCount(config), { weights, spectral })];
  if (!hasJointLayer(config)) return alone ?? [toOne];
  const joint = block({ weights, spectral, dropout, transform: linear([units]), activation: 'leakyRelu' });
  return [...labelsBeside(config), joint, toOne];
}
