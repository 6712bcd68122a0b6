import type { Condition } from './keys.ts';
import { learnsLabels } from './representatives.ts';
import type { Config } from './schema.ts';

/** What the images of a conditional GAN are labelled with: a class each, or any number of attributes each. */
export interface ConditionedOn {
  readonly kind: 'classes' | 'attributes';
  readonly names: readonly string[];
}

/** As many classes as MNIST, Fashion-MNIST and CIFAR-10 have. */
const TEN = Array.from({ length: 10 }, (_, i) => String(i));

/** Before the data has told: ten classes, and what an extractor is to learn beside them. */
const presumed = (config: Config): ConditionedOn => ({
  kind: 'classes',
  names: [...new Set([...TEN, ...(learnsLabels(config) ? config.extractor.labels : [])])],
});

/** Whether the networks of a configuration are told the labels of images. */
export const isConditional = ({ model }: Config): boolean => model.condition !== 'none';

/** Whether training reads the labels of images: networks are told them, or an extractor learns them. */
export const needsLabels = (config: Config): boolean => isConditional(config) || learnsLabels(config);

/** The labels of the data as training takes them: what the data has told, or ten classes before that. */
export const conditionedOn = (config: Config): ConditionedOn => config.conditionedOn ?? presumed(config);

/** For keys that are about the labels of images. */
export const labelled: Condition = {
  holds: needsLabels,
  said: 'model.condition is not none, or an extractor learns labels',
};

/** For keys that only networks with embeddings of labels read. */
export const embedsLabels: Condition = {
  holds: ({ model }) => model.condition === 'embedding',
  said: 'model.condition is embedding',
};
