import { imageShapeOf } from '../config/image_size.ts';
import { type KeyUse, uses } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import { adversarial, type Gan } from '../games/index.ts';
import {
  block,
  convolution,
  type LayerBuilder,
  linear,
  minibatchDiscrimination,
  sequential,
  transposedConvolution,
} from '../nn/index.ts';
import {
  hasConditionalNorm,
  JOINT_UNITS,
  labelCount,
  labelsBeside,
  labelsInImages,
  mayHaveConditionalNorm,
  verdict,
} from './conditional.ts';
import {
  baseDefaults,
  halvingSizes,
  halvings,
  LABEL_KEYS,
  modelKeys,
  REFERENCE_KEYS,
  type Recipe,
  weightInitializer,
} from './recipe.ts';

/** What the DCGAN's builder reads. */
export const DCGAN_KEYS: readonly KeyUse[] = [
  ...modelKeys('kernel', 'width', 'generatorNorm', 'discriminatorNorm'),
  ...uses(['model.firstNorm'], {
    holds: ({ model }) => model.discriminatorNorm !== 'none',
    said: 'model.discriminatorNorm is not none',
  }),
  ...REFERENCE_KEYS,
  ...modelKeys('generatorActivation', 'discriminatorActivation', 'spectralNorm', 'dropout', 'minibatchFeatures'),
  ...uses(['model.minibatchDimensions', 'model.minibatchDense'], {
    holds: ({ model }) => model.minibatchFeatures > 0,
    said: 'model.minibatchFeatures is above 0',
  }),
  ...LABEL_KEYS,
  ...uses(['model.conditionalNorm'], mayHaveConditionalNorm),
];

/** Units of the fully connected layers about minibatch discrimination in the practical guide. */
const DENSE_UNITS = 256;

/** Minibatch discrimination, with a fully connected layer before it, behind it or both; none without features. */
function minibatchLayers({ model, weights }: Config): LayerBuilder[] {
  const { minibatchFeatures: features, minibatchDimensions: dimensions, minibatchDense, spectralNorm, dropout } = model;
  if (features === 0) return [];
  const dense = block({
    weights: weightInitializer(weights),
    spectral: spectralNorm,
    transform: linear([DENSE_UNITS]),
    activation: 'leakyRelu',
    dropout,
  });
  return [
    ...(minibatchDense === 'before' || minibatchDense === 'both' ? [dense] : []),
    minibatchDiscrimination({ features, dimensions }),
    ...(minibatchDense === 'after' || minibatchDense === 'both' ? [dense] : []),
  ];
}

/** The deep convolutional GAN: super layers of stride 2 between the image and maps whose shorter side is 4 to 7, the channels doubling towards
 *  there.
 *  On request minibatch discrimination before the discriminator's last layer, and labels in both networks. @see arXiv:1511.06434 */
export function buildDcgan(config: Config): Gan {
  const { latent, model, weights } = config;
  const image = imageShapeOf(config);
  const [height, width, channels] = image;
  const { kernel, generatorNorm, discriminatorNorm, firstNorm, generatorActivation, discriminatorActivation } = model;
  const { count, maps } = halvings([height, width]);
  const widths = Array.from({ length: count }, (_, level) => model.width * 2 ** level);
  const shared = { weights: weightInitializer(weights), referenceBatch: model.referenceBatch };

  const discriminator = sequential('discriminator', image, [
    ...labelsInImages(config),
    ...widths.map((out, level) =>
      block({
        ...shared,
        spectral: model.spectralNorm,
        transform: convolution({ channels: out, kernel, stride: 2 }),
        norm: level > 0 || firstNorm ? discriminatorNorm : 'none',
        activation: discriminatorActivation,
        dropout: model.dropout,
      }),
    ),
    ...minibatchLayers(config),
    ...verdict(config, { units: JOINT_UNITS, dropout: model.dropout }),
  ]);

  const ofGenerator = {
    ...shared,
    norm: generatorNorm,
    activation: generatorActivation,
    labels: hasConditionalNorm(config) ? labelCount(config) : 0,
  };
  const [deepest, ...rest] = widths.toReversed() as [number, ...number[]];
  const generator = sequential(
    'generator',
    [latent.size],
    [
      ...(hasConditionalNorm(config) ? [] : labelsBeside(config)),
      block({ ...ofGenerator, transform: linear([...maps, deepest]) }),
      ...rest.map((out) =>
        block({ ...ofGenerator, transform: transposedConvolution({ channels: out, kernel, stride: 2 }) }),
      ),
      block({ ...shared, transform: transposedConvolution({ channels, kernel, stride: 2 }), activation: 'tanh' }),
    ],
  );
  return { generator, discriminator };
}

/** The study's DCGAN: 64x64, 5x5 kernels, widths 128 to 1024; 36.57 M parameters. @see arXiv:1511.06434 */
export const dcgan: Recipe = {
  name: 'dcgan',
  summary: 'DCGAN of the faces-and-flowers study: 64x64, 5x5 kernels, widths 128-1024',
  defaults: baseDefaults,
  keys: DCGAN_KEYS,
  game: adversarial,
  sizes: halvingSizes,
  build: buildDcgan,
};

/** The study's first draft: 3x3 kernels, z 100, and a norm in the discriminator's first layer too. */
export const dcganDraft: Recipe = {
  ...dcgan,
  name: 'dcgan-draft',
  summary: "the study's earlier draft: 3x3 kernels, z 100, a norm in the discriminator's first layer",
  defaults: {
    ...baseDefaults,
    recipe: 'dcgan-draft',
    latent: { size: 100, distribution: 'uniform' },
    model: { ...baseDefaults.model, kernel: 3, firstNorm: true },
  },
};

/** The experiments report's DCGAN: widths 32 to 128 at 32x32, 64 to 512 at 64x64 (set model.width to 64 there). */
export const dcganReport: Recipe = {
  ...dcgan,
  name: 'dcgan-report',
  summary: 'DCGAN of the experiments report: 32x32, widths 32-128 (64x64: set model.width=64)',
  defaults: {
    ...baseDefaults,
    recipe: 'dcgan-report',
    size: 32,
    latent: { size: 100, distribution: 'normal' },
    model: { ...baseDefaults.model, width: 32 },
    batch: 100,
  },
};

/** A DCGAN small enough to learn handwritten digits on a laptop's processor in minutes. */
export const dcganDigits: Recipe = {
  ...dcgan,
  name: 'dcgan-digits',
  summary: 'a small DCGAN that learns the MNIST digits on a processor within minutes: 32x32 grey, widths 32-128',
  defaults: {
    ...baseDefaults,
    recipe: 'dcgan-digits',
    size: 32,
    channels: 1,
    latent: { size: 64, distribution: 'normal' },
    model: { ...baseDefaults.model, width: 32, kernel: 5 },
    batch: 64,
    steps: 2000,
    logEvery: 20,
    sampleEvery: 200,
    checkpointEvery: 500,
  },
};

/** The same, told which digit it is to draw: by one-hot labels beside its latents, and by a projection of the discriminator's features.
 *  @see arXiv:1802.05637 */
export const dcganDigitsConditional: Recipe = {
  ...dcganDigits,
  name: 'dcgan-digits-conditional',
  summary: 'dcgan-digits that is told which digit to draw: labels beside the latents, projection in the discriminator',
  defaults: {
    ...dcganDigits.defaults,
    recipe: 'dcgan-digits-conditional',
    model: { ...dcganDigits.defaults.model, condition: 'projection' },
    sampleCount: 80,
  },
};
