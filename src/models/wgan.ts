import { adversarial } from '../games/index.ts';
import { buildDcgan, DCGAN_KEYS } from './dcgan.ts';
import { baseDefaults, halvingSizes, type Recipe } from './recipe.ts';

/** The study's Wasserstein GAN with gradient penalty: the DCGAN's networks, the critic with layer norm and without a sigmoid.
 *  @see arXiv:1704.00028 */
export const wganGp: Recipe = {
  name: 'wgan-gp',
  summary: 'Wasserstein GAN with gradient penalty: the DCGAN with layer norm in the critic',
  keys: DCGAN_KEYS,
  game: adversarial,
  sizes: halvingSizes,
  build: buildDcgan,
  defaults: {
    ...baseDefaults,
    recipe: 'wgan-gp',
    model: { ...baseDefaults.model, discriminatorNorm: 'layer' },
    loss: 'wasserstein',
    gradientPenalty: 10,
    generator: { name: 'adam', learningRate: 1e-4, beta1: 0, beta2: 0.9 },
    discriminator: { name: 'adam', learningRate: 1e-4, beta1: 0, beta2: 0.9 },
    discriminatorSteps: 5,
  },
};

/** The first Wasserstein GAN: the critic's weights are clipped after every update. @see arXiv:1701.07875 */
export const wganClip: Recipe = {
  ...wganGp,
  name: 'wgan-clip',
  summary: 'Wasserstein GAN with weight clipping: RMSProp, weights in [-0.01, 0.01]',
  defaults: {
    ...wganGp.defaults,
    recipe: 'wgan-clip',
    model: baseDefaults.model,
    gradientPenalty: 0,
    generator: { name: 'rmsprop', learningRate: 5e-5 },
    discriminator: { name: 'rmsprop', learningRate: 5e-5, clip: 0.01 },
    batch: 64,
  },
};

/** The practical guide's conditional Wasserstein GAN at 32x32: one-hot labels beside the latents, and a channel of the critic's images for
 *  each class. A penalty looks between images of one class. */
export const wganGpConditional: Recipe = {
  ...wganGp,
  name: 'wgan-gp-conditional',
  summary: 'wgan-gp at 32x32 that is told classes: labels as channels of the critic',
  defaults: {
    ...wganGp.defaults,
    recipe: 'wgan-gp-conditional',
    size: 32,
    latent: { size: 100, distribution: 'normal' },
    model: { ...wganGp.defaults.model, width: 64, condition: 'channels' },
    sampleCount: 80,
  },
};
