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
import { baseDefaults, modelKeys, onlySizes, type Recipe, weightInitializer } from './recipe.ts';

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
  keys: modelKeys('kernel', 'width', 'spectralNorm'),
  game: adversarial,
  sizes: onlySizes(32, 64),
  defaults: { ...reportDefaults, recipe: 'conv-report', model: { ...baseDefaults.model, kernel: 4 } },
  build({ size, channels, latent, model: { kernel, width, spectralNorm: spectral }, weights }: Config) {
    const normed: Partial<BlockOptions> = {
      weights: weightInitializer(weights),
      norm: 'batch',
      activation: 'leakyRelu',
    };
    const widths = (size === 64 ? [1, 2, 4, 8] : [2, 4, 8]).map((times) => times * width);
    const [deepest, ...rest] = widths.toReversed() as [number, ...number[]];
    const up = (out: number) => transposedConvolution({ channels: out, kernel, stride: 2 });
    const generator = sequential(
      'generator',
      [latent.size],
      [
        reshaped([1, 1, latent.size]),
        block({ ...normed, transform: transposedConvolution({ channels: deepest, kernel: 4, padding: 'valid' }) }),
        ...rest.map((out) => block({ ...normed, transform: up(out) })),
        block({ weights: weightInitializer(weights), transform: up(channels), activation: 'tanh' }),
      ],
    );
    const discriminator = sequential(
      'discriminator',
      [size, size, channels],
      [
        ...widths.map((out) =>
          block({ ...normed, spectral, transform: convolution({ channels: out, kernel, stride: 2 }) }),
        ),
        block({
          weights: weightInitializer(weights),
          spectral,
          transform: convolution({ channels: 1, kernel: 4, padding: 'valid' }),
        }),
        flat,
      ],
    );
    return { generator, discriminator };
  },
};

/** The experiments report's fully connected GAN. */
export const mlpReport: Recipe = {
  name: 'mlp-report',
  summary: 'fully connected GAN of the experiments report: any size, dropout in the discriminator',
  keys: modelKeys('spectralNorm', 'dropout'),
  game: adversarial,
  sizes: { accepts: (size) => size >= 4, description: '4 or more' },
  defaults: { ...reportDefaults, recipe: 'mlp-report', model: { ...baseDefaults.model, dropout: 0.3 } },
  build({ size, channels, latent, model, weights }: Config) {
    const dense = (units: number, spectral = false): LayerBuilder =>
      block({ weights: weightInitializer(weights), spectral, transform: linear([units]), activation: 'leakyRelu' });
    const generator = sequential(
      'generator',
      [latent.size],
      [
        ...[256, 512, 1024].map((units) => dense(units)),
        block({ weights: weightInitializer(weights), transform: linear([size, size, channels]), activation: 'tanh' }),
      ],
    );
    const discriminator = sequential(
      'discriminator',
      [size, size, channels],
      [
        ...[1024, 512, 256].flatMap((units) => [dense(units, model.spectralNorm), dropout(model.dropout)]),
        block({ weights: weightInitializer(weights), spectral: model.spectralNorm, transform: linear([1]) }),
      ],
    );
    return { generator, discriminator };
  },
};
