import type { Condition } from './keys.ts';
import type { Config } from './schema.ts';

/** What the images of a conditional GAN are labelled with: a class each, or any number of attributes each. */
export interface ConditionedOn {
  readonly kind: 'classes' | 'attributes';
  readonly names: readonly string[];
}

/** As many classes as MNIST, Fashion-MNIST and CIFAR-10 have. */
const PRESUMED: ConditionedOn = { kind: 'classes', names: Array.from({ length: 10 }, (_, i) => String(i)) };

/** Whether the networks of a configuration are told the labels of images. */
export const isConditional = ({ model }: Config): boolean => model.condition !== 'none';

/** What the networks of a conditional configuration are told: what its data has told, or ten classes before that. */
export const conditionedOn = (config: Config): ConditionedOn => config.conditionedOn ?? PRESUMED;

/** For keys that only conditional networks read. */
export const conditional: Condition = { holds: isConditional, said: 'model.condition is not none' };

/** For keys that only networks with embeddings of labels read. */
export const embedsLabels: Condition = {
  holds: ({ model }) => model.condition === 'embedding',
  said: 'model.condition is embedding',
};
