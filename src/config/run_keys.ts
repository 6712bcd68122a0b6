import { labelled } from './conditioning.ts';
import { type Condition, type KeyUse, uses } from './keys.ts';

const decays: Condition = {
  holds: ({ learningRateDecay }) => learningRateDecay.kind !== 'none',
  said: 'learningRateDecay.kind is stepped or plateau',
};

const lowersRates: Condition = {
  holds: (config) => decays.holds(config) || config.health.onCollapse === 'rollback',
  said: `${decays.said}, or health.onCollapse is rollback`,
};

const evaluates: Condition = { holds: ({ evaluateEvery }) => evaluateEvery > 0, said: 'evaluateEvery is above 0' };

/** The keys that every run reads, whatever its networks and its game. */
export const RUN_KEYS: readonly KeyUse[] = [
  ...uses(['recipe', 'size', 'channels', 'latent.size', 'weights', 'seed']),
  { key: 'conditionedOn', when: labelled },
  ...uses(['data', 'labelFile', 'attributes', 'crop', 'maxPixels', 'augment']),
  ...uses(['batch', 'syncNorm', 'steps', 'epochs', 'generator', 'discriminator', 'ema']),
  { key: 'learningRateDecay.kind' },
  { key: 'learningRateDecay.every', when: decays },
  ...uses(['learningRateDecay.factor', 'learningRateDecay.floor'], lowersRates),
  ...uses(['health.collapseBelow', 'health.collapseAfter', 'health.onCollapse', 'health.gradientNorms']),
  ...uses(['logEvery', 'sampleEvery', 'checkpointEvery', 'keepCheckpoints', 'sampleCount']),
  { key: 'evaluateEvery' },
  ...uses(['evaluateFeatures', 'evaluateCount', 'evaluatedBy'], evaluates),
  ...uses(['device', 'threads', 'precision']),
];
