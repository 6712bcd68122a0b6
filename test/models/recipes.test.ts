import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { representativesOf } from '../../src/config/index.ts';
import { buildGan, recipes, resolveConfig } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { createModel } from '../../src/train/index.ts';
import { assertNetworks, namesOf, parametersOf } from './shapes.ts';

/** Weights of a convolution without its bias. */
const conv = (kernel: number, inputs: number, outputs: number): number => kernel * kernel * inputs * outputs;

test("the guide's DCGAN puts norms behind activations, without biases between", () => {
  assertNetworks(
    { recipe: 'dcgan-guide' },
    {
      generator: {
        input: '100',
        layers: [
          'linear, relu, batch norm: 4x4x256',
          'tconv5 s2, relu, batch norm: 8x8x256',
          'tconv5 s2, relu, batch norm: 16x16x128',
          'tconv5 s2, relu, batch norm: 32x32x64',
          'conv5, tanh: 32x32x3',
        ],
      },
      discriminator: {
        input: '32x32x3',
        layers: [
          'conv5 s2, leakyRelu, batch norm: 16x16x64',
          'conv5 s2, leakyRelu, batch norm: 8x8x128',
          'conv5 s2, leakyRelu, batch norm: 4x4x256',
          'conv4: 1x1x1',
          'flatten: 1',
        ],
      },
    },
  );
  const { generator, discriminator } = parametersOf({ recipe: 'dcgan-guide' });
  const up = conv(5, 256, 256) + conv(5, 256, 128) + conv(5, 128, 64);
  assert.is(generator, 101 * 4096 + up + 2 * (256 + 256 + 128 + 64) + conv(5, 64, 3) + 3);
  const down = conv(5, 3, 64) + conv(5, 64, 128) + conv(5, 128, 256);
  assert.is(discriminator, down + 2 * (64 + 128 + 256) + conv(4, 256, 1) + 1);
});

test("the guide's DCGAN updates both networks from one batch of fakes, Adam with beta2 0.9", () => {
  const config = resolveConfig({ recipe: 'dcgan-guide', batch: 2 });
  assert.equal(config.generator, { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.9 });
  const { programs } = createModel(config).match;
  assert.equal(
    programs.map(({ trace, repeats, readsImages }) => [trace().name, repeats.at(1), readsImages]),
    [['simultaneous step', 1, true]],
  );
});

test("the guide's Wasserstein GAN has layer norm in the critic, a penalty, and one or 100 critic steps", () => {
  const { generator, discriminator } = parametersOf({ recipe: 'wgan-gp-guide' });
  // Layer norm has a gain and a bias for each channel, as batch norm does.
  assert.equal({ generator, discriminator }, parametersOf({ recipe: 'dcgan-guide' }));
  assert.equal(
    buildGan(resolveConfig({ recipe: 'wgan-gp-guide' })).discriminator.layers.map(({ description }) => description),
    [
      ...['conv5 s2, leakyRelu, layer norm', 'conv5 s2, leakyRelu, layer norm', 'conv5 s2, leakyRelu, layer norm'],
      ...['conv4', 'flatten'],
    ],
  );
  for (const [recipe, steps] of Object.entries({ 'wgan-gp-guide': 1, 'wgan-gp-guide-thorough': 100 })) {
    const config = resolveConfig({ recipe, batch: 2, model: { width: 2 } });
    assert.equal([config.loss, config.gradientPenalty, config.latent.distribution], ['wasserstein', 10, 'normal']);
    const { programs } = createModel(config).match;
    assert.equal(
      programs.map(({ repeats }) => repeats.at(7)),
      [steps, 1],
      recipe,
    );
  }
});

test("the report's Wasserstein GANs have its networks, RMSProp at 5e-5, a clipped critic, batch 64 and five critic steps", () => {
  for (const networks of ['mlp-report', 'conv-report']) {
    const recipe = `${networks}-wasserstein`;
    assert.equal(parametersOf({ recipe }), parametersOf({ recipe: networks }));
    const config = resolveConfig({ recipe });
    assert.equal(config.generator, { name: 'rmsprop', learningRate: 5e-5 });
    assert.equal(config.discriminator, { name: 'rmsprop', learningRate: 5e-5, clip: 0.01 });
    assert.equal(
      [config.loss, config.batch, config.discriminatorSteps, config.gradientPenalty],
      ['wasserstein', 64, 5, 0],
    );
  }
});

test("the guide's first convolutional GAN upsamples and pools", () => {
  assertNetworks(
    { recipe: 'conv-guide' },
    {
      generator: {
        input: '100',
        layers: [
          'linear, batch norm, relu: 4x4x256',
          'nearest 2x, conv5, batch norm, relu: 8x8x256',
          'nearest 2x, conv5, batch norm, relu: 16x16x128',
          'nearest 2x, conv5, batch norm, relu: 32x32x64',
          'conv5, tanh: 32x32x3',
        ],
      },
      discriminator: {
        input: '32x32x3',
        layers: [
          'conv5: 32x32x64',
          'max pool 2: 16x16x64',
          'batch norm, relu: 16x16x64',
          'conv5: 16x16x128',
          'max pool 2: 8x8x128',
          'batch norm, relu: 8x8x128',
          'conv5: 8x8x256',
          'max pool 2: 4x4x256',
          'batch norm, relu: 4x4x256',
          'conv4: 1x1x1',
          'flatten: 1',
        ],
      },
    },
  );
});

test("the report's convolutional GAN goes from 1x1 to the image with 4x4 kernels; 64x64 has one layer more", () => {
  const at32 = {
    generator: {
      input: '100',
      layers: [
        'reshape 1x1x100: 1x1x100',
        'tconv4, batch norm, leakyRelu: 4x4x1024',
        'tconv4 s2, batch norm, leakyRelu: 8x8x512',
        'tconv4 s2, batch norm, leakyRelu: 16x16x256',
        'tconv4 s2, tanh: 32x32x3',
      ],
    },
    discriminator: {
      input: '32x32x3',
      layers: [
        'conv4 s2, batch norm, leakyRelu: 16x16x256',
        'conv4 s2, batch norm, leakyRelu: 8x8x512',
        'conv4 s2, batch norm, leakyRelu: 4x4x1024',
        'conv4: 1x1x1',
        'flatten: 1',
      ],
    },
  };
  assertNetworks({ recipe: 'conv-report' }, at32);
  const { generator, discriminator } = buildGan(resolveConfig({ recipe: 'conv-report', size: 64 }));
  assert.equal(
    generator.layers.map(({ outputShape }) => outputShape.join('x')),
    ['1x1x100', '4x4x1024', '8x8x512', '16x16x256', '32x32x128', '64x64x3'],
  );
  assert.equal(
    discriminator.layers.map(({ outputShape }) => outputShape.join('x')),
    ['32x32x128', '16x16x256', '8x8x512', '4x4x1024', '1x1x1', '1'],
  );
});

test('the width of every convolutional recipe can be chosen: all its layers follow', () => {
  const widest = (recipe: string, width: number) =>
    Math.max(
      ...buildGan(resolveConfig({ recipe, channels: 1, model: { width } })).discriminator.layers.map(
        ({ outputShape }) => (outputShape.length === 3 ? (outputShape[2] as number) : 0),
      ),
    );
  assert.is(widest('dcgan-guide', 2), 8);
  assert.is(widest('conv-guide', 3), 12);
  assert.is(widest('conv-report', 4), 32);
});

test("the report's DCGAN has widths 32 to 128, or 64 to 512 at 64x64", () => {
  const widths = (changes: object) =>
    buildGan(resolveConfig({ recipe: 'dcgan-report', ...changes })).discriminator.layers.map(({ outputShape }) =>
      outputShape.at(-1),
    );
  assert.equal(widths({}), [32, 64, 128, 1]);
  assert.equal(widths({ size: 64, model: { width: 64 } }), [64, 128, 256, 512, 1]);
  const config = resolveConfig({ recipe: 'dcgan-report' });
  assert.equal([config.batch, config.latent], [100, { size: 100, distribution: 'normal' }]);
});

test("the report's fully connected GAN drops activations of its discriminator, and has no norm", () => {
  assertNetworks(
    { recipe: 'mlp-report', size: 28, channels: 1 },
    {
      generator: {
        input: '100',
        layers: [
          'linear, leakyRelu: 256',
          'linear, leakyRelu: 512',
          'linear, leakyRelu: 1024',
          'linear, tanh: 28x28x1',
        ],
      },
      discriminator: {
        input: '28x28x1',
        layers: [
          ...['linear, leakyRelu: 1024', 'dropout 0.3: 1024', 'linear, leakyRelu: 512', 'dropout 0.3: 512'],
          ...['linear, leakyRelu: 256', 'dropout 0.3: 256', 'linear: 1'],
        ],
      },
    },
  );
  const { generator, discriminator } = parametersOf({ recipe: 'mlp-report', size: 28, channels: 1 });
  assert.is(generator, 101 * 256 + 257 * 512 + 513 * 1024 + 1025 * 784);
  assert.is(discriminator, 785 * 1024 + 1025 * 512 + 513 * 256 + 257);
});

test('every recipe builds with its defaults: latents to images, images to what the discriminator says', () => {
  for (const { name } of recipes) {
    const config = resolveConfig({ recipe: name });
    const { generator, discriminator } = buildGan(config);
    assert.equal(generator.inputShape, [config.latent.size + representativesOf(config).length], name);
    assert.equal(generator.outputShape, [config.size, config.size, config.channels], name);
    assert.equal(discriminator.inputShape, generator.outputShape, name);
    for (const network of [generator, discriminator]) {
      assert.ok(countParameters(network.variables) > 0);
      assert.ok(namesOf(network.variables, new RegExp(`^(?!${network.name}\\.)`)).length === 0, name);
    }
  }
});

test.run();
