import { conditionedOn, isConditional } from '../config/conditioning.ts';
import { imageShapeOf } from '../config/image_size.ts';
import type { Config } from '../config/schema.ts';
import { adversarial } from '../games/index.ts';
import {
  type BlockOptions,
  block,
  convolution,
  dropout,
  flat,
  type LayerBuilder,
  linear,
  reshaped,
  sequential,
  transposedConvolution,
} from '../nn/index.ts';
import { hasJointLayer, JOINT_UNITS, labelsBeside, labelsInImages, verdict } from './conditional.ts';
import {
  baseDefaults,
  LABEL_KEYS,
  modelKeys,
  onlySizes,
  REFERENCE_KEYS,
  type Recipe,
  weightInitializer,
} from './recipe.ts';

const reportDefaults = {
  ...baseDefaults,
  size: 32,
  latent: { size: 100, distribution: 'normal' },
  batch: 100,
} satisfies Config;

/** The experiments report's convolutional GAN: 4x4 kernels from 1x1 up to the image and back. `model.width` counts the channels next
 *  to an image of 64x64; one of 32x32 lacks that layer. */
export const convReport: Recipe = {
  name: 'conv-report',
  summary: 'convolutional GAN of the experiments report: 32x32 or 64x64, 4x4 kernels, 1024 channels at 4x4',
  keys: [
    ...modelKeys('kernel', 'width', 'generatorNorm', 'discriminatorNorm', 'spectralNorm'),
    ...REFERENCE_KEYS,
    ...LABEL_KEYS,
  ],
  game: adversarial,
  sizes: onlySizes(32, 64),
  defaults: { ...reportDefaults, recipe: 'conv-report', model: { ...baseDefaults.model, kernel: 4 } },
  build(config: Config) {
    const {
      size,
      channels,
      latent,
      model: { kernel, width, generatorNorm, discriminatorNorm, referenceBatch, spectralNorm: spectral },
    } = config;
    const weights = weightInitializer(config.weights);
    const hidden: Partial<BlockOptions> = { weights, referenceBatch, activation: 'leakyRelu' };
    const made = { ...hidden, norm: generatorNorm };
    const judged = { ...hidden, norm: discriminatorNorm, spectral };
    const widths = (size === 64 ? [1, 2, 4, 8] : [2, 4, 8]).map((times) => times * width);
    const [deepest, ...rest] = widths.toReversed() as [number, ...number[]];
    const merged = mergedLatents(config);
    const up = (out: number) => transposedConvolution({ channels: out, kernel, stride: 2 });
    const generator = sequential(
      'generator',
      [latent.size],
      [
        ...merged,
        block({ ...made, transform: transposedConvolution({ channels: deepest, kernel: 4, padding: 'valid' }) }),
        ...rest.map((out) => block({ ...made, transform: up(out) })),
        block({ weights, transform: up(channels), activation: 'tanh' }),
      ],
    );
    const alone = [
      block({ weights, spectral, transform: convolution({ channels: 1, kernel: 4, padding: 'valid' }) }),
      flat,
    ];
    const features = block({ ...judged, transform: convolution({ channels: deepest, kernel: 4, padding: 'valid' }) });
    const discriminator = sequential('discriminator', imageShapeOf(config), [
      ...labelsInImages(config),
      ...widths.map((out) => block({ ...judged, transform: convolution({ channels: out, kernel, stride: 2 }) })),
      ...(hasJointLayer(config) ? [features] : []),
      ...verdict(config, { units: JOINT_UNITS, alone }),
    ]);
    return { generator, discriminator };
  },
};

/** Latents as maps of 1x1. Labels beside them are merged in by a layer of twice as many units, the report's 220 of 100 latents and an
 *  embedding of 10. */
function mergedLatents(config: Config): LayerBuilder[] {
  const { latent, model, weights } = config;
  if (!isConditional(config)) return [reshaped([1, 1, latent.size])];
  const told = model.condition === 'embedding' ? model.embedding : conditionedOn(config).names.length;
  const units = 2 * (latent.size + told);
  const merge = block({
    weights: weightInitializer(weights),
    transform: linear([1, 1, units]),
    activation: 'leakyRelu',
  });
  return [...labelsBeside(config), merge];
}

/** The report's conditional convolutional GAN, told a trainable embedding of each class: merged into the latents by a layer of 220 units,
 *  and beside the discriminator's 1024 features. The report does not tell how wide the layer behind these is; it is 256 here, as in the
 *  practical guide. */
export const convReportConditional: Recipe = {
  ...convReport,
  name: 'conv-report-conditional',
  summary: 'conv-report that is told classes: embeddings merged into the latents and beside the features',
  defaults: {
    ...convReport.defaults,
    recipe: 'conv-report-conditional',
    model: { ...convReport.defaults.model, condition: 'embedding' },
    sampleCount: 80,
  },
};

/** The experiments report's fully connected GAN. */
export const mlpReport: Recipe = {
  name: 'mlp-report',
  summary: 'fully connected GAN of the experiments report: any size, dropout in the discriminator',
  keys: [...modelKeys('spectralNorm', 'dropout'), ...LABEL_KEYS],
  unusable: [
    {
      key: 'model.condition',
      value: 'channels',
      reason: 'its layers have no channels. Choose oneHot, embedding or projection',
    },
  ],
  game: adversarial,
  sizes: { accepts: (height, width) => Math.min(height, width) >= 4, description: '4 or more on each side' },
  defaults: { ...reportDefaults, recipe: 'mlp-report', model: { ...baseDefaults.model, dropout: 0.3 } },
  build(config: Config) {
    const { latent, model } = config;
    const image = imageShapeOf(config);
    const weights = weightInitializer(config.weights);
    const dense = (units: number, spectral = false): LayerBuilder =>
      block({ weights, spectral, transform: linear([units]), activation: 'leakyRelu' });
    const toOne = block({ weights, spectral: model.spectralNorm, transform: linear([1]) });
    const isProjected = model.condition === 'projection';
    const generator = sequential(
      'generator',
      [latent.size],
      [
        ...labelsBeside(config),
        ...[256, 512, 1024].map((units) => dense(units)),
        block({ weights, transform: linear(image), activation: 'tanh' }),
      ],
    );
    const discriminator = sequential('discriminator', image, [
      ...(isProjected ? [] : labelsBeside(config)),
      ...[1024, 512, 256].flatMap((units) => [dense(units, model.spectralNorm), dropout(model.dropout)]),
      ...(isProjected ? verdict(config, { units: 0 }) : [toOne]),
    ]);
    return { generator, discriminator };
  },
};

/** The report's conditional fully connected GAN for MNIST: a trainable embedding of each digit stands beside the latents and beside the
 *  image's pixels. */
export const mlpReportConditional: Recipe = {
  ...mlpReport,
  name: 'mlp-report-conditional',
  summary: 'mlp-report that is told classes: embeddings beside the latents and beside the pixels, 28x28 grey',
  defaults: {
    ...mlpReport.defaults,
    recipe: 'mlp-report-conditional',
    size: 28,
    channels: 1,
    model: { ...mlpReport.defaults.model, condition: 'embedding' },
    sampleCount: 80,
  },
};

/** What the report's Wasserstein GANs with weight clipping have in place of its GANs'. */
const clipped = {
  loss: 'wasserstein',
  generator: { name: 'rmsprop', learningRate: 5e-5 },
  discriminator: { name: 'rmsprop', learningRate: 5e-5, clip: 0.01 },
  discriminatorSteps: 5,
  batch: 64,
} satisfies Partial<Config>;

/** The report's fully connected Wasserstein GAN: the networks of `mlp-report`, the critic's weights clipped after every update.
 *  @see arXiv:1701.07875 */
export const mlpReportWasserstein: Recipe = {
  ...mlpReport,
  name: 'mlp-report-wasserstein',
  summary: 'Wasserstein GAN of the experiments report with weight clipping: the networks of mlp-report',
  defaults: { ...mlpReport.defaults, ...clipped, recipe: 'mlp-report-wasserstein' },
};

/** The report's convolutional Wasserstein GAN: the networks of `conv-report`, the critic's weights clipped after every update.
 *  @see arXiv:1701.07875 */
export const convReportWasserstein: Recipe = {
  ...convReport,
  name: 'conv-report-wasserstein',
  summary: 'Wasserstein GAN of the experiments report with weight clipping: the networks of conv-report',
  defaults: { ...convReport.defaults, ...clipped, recipe: 'conv-report-wasserstein' },
};
