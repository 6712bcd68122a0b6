import { imageShapeOf } from '../config/image_size.ts';
import type { Config } from '../config/schema.ts';
import { adversarial } from '../games/index.ts';
import {
  type BlockOptions,
  block,
  convolution,
  enlargedConvolution,
  flat,
  linear,
  maxPool,
  normalization,
  sequential,
  transposedConvolution,
} from '../nn/index.ts';
import { JOINT_UNITS, labelsBeside, labelsInImages, verdict } from './conditional.ts';
import {
  baseDefaults,
  LABEL_KEYS,
  modelKeys,
  onlySizes,
  REFERENCE_KEYS,
  type Recipe,
  VIRTUAL_NORM_KEYS,
  weightInitializer,
} from './recipe.ts';

/** The practical guide's DCGAN: norms after activations, no biases beside them, a convolution of stride 1 at the end. */
export const dcganGuide: Recipe = {
  name: 'dcgan-guide',
  summary: 'DCGAN of the practical guide: 32x32, norm after activation, simultaneous updates',
  keys: [
    ...modelKeys('kernel', 'width', 'generatorNorm', 'discriminatorNorm', 'spectralNorm'),
    ...REFERENCE_KEYS,
    ...LABEL_KEYS,
  ],
  game: adversarial,
  sizes: onlySizes(32),
  defaults: {
    ...baseDefaults,
    recipe: 'dcgan-guide',
    size: 32,
    latent: { size: 100, distribution: 'normal' },
    model: { ...baseDefaults.model, width: 64 },
    generator: { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.9 },
    discriminator: { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.9 },
    schedule: 'simultaneous',
  },
  build(config: Config) {
    const {
      channels,
      latent,
      model: { kernel, width, generatorNorm, discriminatorNorm, referenceBatch, spectralNorm: spectral },
    } = config;
    const shared = { weights: weightInitializer(config.weights), referenceBatch };
    const normed: Partial<BlockOptions> = { ...shared, activationFirst: true, bias: false };
    const generator = sequential(
      'generator',
      [latent.size],
      [
        ...labelsBeside(config),
        block({
          ...shared,
          transform: linear([4, 4, 4 * width]),
          norm: generatorNorm,
          activation: 'relu',
          activationFirst: true,
        }),
        ...[4 * width, 2 * width, width].map((out) =>
          block({
            ...normed,
            transform: transposedConvolution({ channels: out, kernel, stride: 2 }),
            norm: generatorNorm,
            activation: 'relu',
          }),
        ),
        block({ ...shared, transform: convolution({ channels, kernel }), activation: 'tanh' }),
      ],
    );
    const alone = [
      block({ ...shared, spectral, transform: convolution({ channels: 1, kernel: 4, padding: 'valid' }) }),
      flat,
    ];
    const discriminator = sequential('discriminator', imageShapeOf(config), [
      ...labelsInImages(config),
      ...[width, 2 * width, 4 * width].map((out) =>
        block({
          ...normed,
          spectral,
          transform: convolution({ channels: out, kernel, stride: 2 }),
          norm: discriminatorNorm,
          activation: 'leakyRelu',
        }),
      ),
      ...verdict(config, { units: JOINT_UNITS, alone }),
    ]);
    return { generator, discriminator };
  },
};

/** The practical guide's conditional DCGAN: one-hot labels beside the latents, and beside the discriminator's flattened features with a layer
 *  of 256 units behind them. @see arXiv:1411.1784 */
export const dcganGuideConditional: Recipe = {
  ...dcganGuide,
  name: 'dcgan-guide-conditional',
  summary: 'dcgan-guide that is told classes: one-hot labels in both networks',
  defaults: {
    ...dcganGuide.defaults,
    recipe: 'dcgan-guide-conditional',
    model: { ...dcganGuide.defaults.model, condition: 'oneHot' },
    sampleCount: 80,
  },
};

/** The practical guide's Wasserstein GAN with gradient penalty at 32x32: its DCGAN with layer norm in the critic, and one step of the critic
 *  to each of the generator. @see arXiv:1704.00028 */
export const wganGpGuide: Recipe = {
  ...dcganGuide,
  name: 'wgan-gp-guide',
  summary: 'Wasserstein GAN of the practical guide: dcgan-guide with layer norm in the critic, one critic step',
  defaults: {
    ...dcganGuide.defaults,
    recipe: 'wgan-gp-guide',
    model: { ...dcganGuide.defaults.model, discriminatorNorm: 'layer' },
    loss: 'wasserstein',
    gradientPenalty: 10,
    generator: { name: 'adam', learningRate: 1e-4, beta1: 0, beta2: 0.9 },
    discriminator: { name: 'adam', learningRate: 1e-4, beta1: 0, beta2: 0.9 },
    schedule: 'alternating',
  },
};

/** The same with 100 critic steps to each of the generator, which the guide compares with one; between both lies
 *  `criticSchedule` guide. */
export const wganGpGuideThorough: Recipe = {
  ...wganGpGuide,
  name: 'wgan-gp-guide-thorough',
  summary: 'wgan-gp-guide with 100 critic steps to each of the generator',
  defaults: { ...wganGpGuide.defaults, recipe: 'wgan-gp-guide-thorough', discriminatorSteps: 100 },
};

/** The practical guide's first convolutional GAN: upsampling and max pooling instead of strides. */
export const convGuide: Recipe = {
  name: 'conv-guide',
  summary: 'vanilla convolutional GAN of the practical guide: 32x32, nearest upsampling and max pooling',
  keys: [...modelKeys('kernel', 'width', 'generatorNorm', 'discriminatorNorm', 'spectralNorm'), ...VIRTUAL_NORM_KEYS],
  game: adversarial,
  sizes: onlySizes(32),
  defaults: {
    ...baseDefaults,
    recipe: 'conv-guide',
    size: 32,
    latent: { size: 100, distribution: 'normal' },
    model: { ...baseDefaults.model, width: 64 },
  },
  build(config: Config) {
    const { channels, latent, model, weights } = config;
    const { kernel, width, generatorNorm, discriminatorNorm, referenceBatch, spectralNorm: spectral } = model;
    const shared = { weights: weightInitializer(weights), referenceBatch };
    const ofGenerator = { ...shared, norm: generatorNorm, activation: 'relu' } as const;
    const generator = sequential(
      'generator',
      [latent.size],
      [
        block({ ...ofGenerator, transform: linear([4, 4, 4 * width]) }),
        ...[4 * width, 2 * width, width].map((out) => {
          const transform = enlargedConvolution({ channels: out, kernel, scale: 2 });
          return block({ ...ofGenerator, transform });
        }),
        block({ ...shared, transform: convolution({ channels, kernel }), activation: 'tanh' }),
      ],
    );
    const discriminator = sequential('discriminator', imageShapeOf(config), [
      ...[width, 2 * width, 4 * width].flatMap((out) => [
        block({ ...shared, spectral, transform: convolution({ channels: out, kernel }) }),
        maxPool(2),
        normalization({ norm: discriminatorNorm, activation: 'relu', referenceBatch }),
      ]),
      block({ ...shared, spectral, transform: convolution({ channels: 1, kernel: 4, padding: 'valid' }) }),
      flat,
    ]);
    return { generator, discriminator };
  },
};
