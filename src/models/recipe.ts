import type { z } from 'zod';
import { embedsLabels } from '../config/conditioning.ts';
import type { ImageSize } from '../config/image_size.ts';
import { isRead, type KeyUse, type UnusableValue, uses } from '../config/keys.ts';
import type { Config, ModelConfig } from '../config/schema.ts';
import type { Game, Gan } from '../games/index.ts';
import { glorot, normal } from '../nn/initializers.ts';
import type { Initializer } from '../tensor/variable.ts';
import type { RecipeSources } from './file/sources.ts';

/** A named system: its networks, the game that they play, and a value for every key of the configuration. G is what its networks are, O
 *  the keys of its own. */
export interface Recipe<G extends Gan = Gan, O extends object = object> {
  readonly name: string;
  /** One line for listings: what it is and where it was described. */
  readonly summary: string;
  readonly defaults: Config;
  /** The keys that its networks read beside those that every run reads, such as `model.width`. */
  readonly keys: readonly KeyUse[];
  /** Values of those keys that its networks cannot be made with. */
  readonly unusable?: readonly UnusableValue[];
  /** What the keys of its own, `options.*`, may be; only of an own recipe that has some. */
  readonly options?: z.ZodType<O>;
  readonly game: Game<G>;
  /** The modules that it was loaded from; only of one that `loadRecipe` has given. */
  readonly sources?: RecipeSources;
  /** Which image sizes the networks can be made for. */
  readonly sizes: { readonly accepts: (height: number, width: number) => boolean; readonly description: string };
  /** @throws ShapeError for a size that `sizes` does not accept */
  build(config: Config): G;
}

/** The uses of some keys of `model`. */
export const modelKeys = (...keys: (keyof ModelConfig)[]): KeyUse[] => uses(keys.map((key) => `model.${key}`));

/** Whether a recipe's networks are as wide as `model.width` says. */
export const hasWidth = ({ keys, defaults }: Recipe): boolean => isRead(defaults, 'model.width', keys);

/** The uses of the keys of networks that may be told labels. */
export const LABEL_KEYS: readonly KeyUse[] = [...modelKeys('condition'), ...uses(['model.embedding'], embedsLabels)];

/** The uses of the key of networks that may have virtual batch norm. */
export const VIRTUAL_NORM_KEYS: readonly KeyUse[] = uses(['model.referenceBatch'], {
  holds: ({ model }) => model.generatorNorm === 'virtual' || model.discriminatorNorm === 'virtual',
  said: 'model.generatorNorm or model.discriminatorNorm is virtual',
});

/** The same of networks that may be told labels besides. */
export const REFERENCE_KEYS: readonly KeyUse[] = [
  ...VIRTUAL_NORM_KEYS,
  ...uses(['model.referenceLabels'], {
    holds: ({ model }) => model.generatorNorm === 'virtual' && model.condition !== 'none',
    said: 'model.generatorNorm is virtual and model.condition is not none',
  }),
];

/** The initialiser that a configuration's `weights` names. */
export const weightInitializer = (weights: Config['weights']): Initializer =>
  weights === 'glorot' ? glorot : normal(weights);

const adam = { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.999 } as const;

/** The study's DCGAN settings, from which other recipes depart. */
export const baseDefaults: Config = {
  recipe: 'dcgan',
  size: 64,
  channels: 3,
  latent: { size: 128, distribution: 'uniform' },
  model: {
    kernel: 5,
    width: 128,
    generatorNorm: 'batch',
    discriminatorNorm: 'batch',
    firstNorm: false,
    generatorActivation: 'relu',
    discriminatorActivation: 'leakyRelu',
    referenceBatch: 64,
    referenceLabels: 'fixed',
    minibatchFeatures: 0,
    minibatchDimensions: 5,
    minibatchDense: 'none',
    spectralNorm: false,
    dropout: 0,
    condition: 'none',
    conditionalNorm: false,
    embedding: 10,
  },
  weights: 0.02,
  loss: 'nonSaturating',
  gradientPenalty: 0,
  r1: 0,
  r2: 0,
  penaltyEvery: 1,
  labels: { real: 1, fake: 0, flip: 0 },
  replay: { share: 0, images: 0 },
  diffAugment: { colour: false, translation: 0, cutout: 0 },
  generator: adam,
  discriminator: adam,
  schedule: 'alternating',
  discriminatorSteps: 1,
  generatorSteps: 1,
  criticSchedule: 'constant',
  reuseLatents: false,
  equilibrium: {
    gamma: 0.5,
    lambdaK: 1e-3,
    carrySteps: 16_000,
    outputActivation: 'none',
    descriptorWindow: 1000,
  },
  extractor: { measures: [], labels: [], weight: 1, learningRate: 2e-4, smoothing: 0.1 },
  learningRateDecay: { kind: 'none', factor: 0.5, every: 100_000, floor: 2e-5 },
  ema: { halfLife: 0 },
  health: {
    collapseBelow: 0.3,
    collapseAfter: 100_000,
    onCollapse: 'warn',
    gradientNorms: false,
    outputHistograms: false,
  },
  batch: 128,
  accumulation: 1,
  syncNorm: true,
  steps: 20_000,
  seed: 1,
  data: 'mnist',
  crop: 0,
  maxPixels: 200_000_000,
  augment: { flip: false, rotate: false, hue: 0, saturation: 0, value: 0 },
  device: 'auto',
  threads: 0,
  precision: 'auto',
  logEvery: 50,
  sampleEvery: 500,
  checkpointEvery: 1000,
  evaluateEvery: 0,
  evaluateFeatures: 'pixels',
  evaluateCount: 2000,
  keepCheckpoints: 3,
  sampleCount: 64,
};

/** How often an image is halved, and the maps that are left, whose shorter side is 4 to 7: 64x64 is 4x4 after 4 times, 96x96 is 6x6 after 4
 *  times, 28x28 is 7x7 after 2, and 64 high and 96 wide is 4x6 after 4. */
export function halvings([height, width]: ImageSize): { readonly count: number; readonly maps: ImageSize } {
  const count = Math.floor(Math.log2(Math.min(height, width) / 4));
  return { count, maps: [height / 2 ** count, width / 2 ** count] };
}

/** Sizes that halve at least twice, until the shorter side is 4, 5, 6 or 7. */
export const halvingSizes: Recipe['sizes'] = {
  accepts: (height, width) => Math.min(height, width) >= 16 && halvings([height, width]).maps.every(Number.isInteger),
  description:
    '16, 20, 24, 28, 32, ..., 64, 80, 96, 112, 128, ... (4, 5, 6 or 7 times a power of two), and rectangles of such a side and a longer one that the same power divides, such as 96x64 and 64x128',
};

/** Just these squares. */
export const onlySizes = (...sizes: number[]): Recipe['sizes'] => ({
  accepts: (height, width) => height === width && sizes.includes(height),
  description: sizes.join(' or '),
});
