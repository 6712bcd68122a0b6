import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelConfig } from '../../src/config/index.ts';
import { buildGan, resolveConfig } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { summarize } from '../../src/train/index.ts';
import { assertNetworks, namesOf, parametersOf } from './shapes.ts';

test('dcgan is the table of the study, layer by layer', () => {
  assertNetworks(
    { recipe: 'dcgan' },
    {
      generator: {
        input: '128',
        layers: [
          'linear, batch norm, relu: 4x4x1024',
          'tconv5 s2, batch norm, relu: 8x8x512',
          'tconv5 s2, batch norm, relu: 16x16x256',
          'tconv5 s2, batch norm, relu: 32x32x128',
          'tconv5 s2, tanh: 64x64x3',
        ],
      },
      discriminator: {
        input: '64x64x3',
        layers: [
          'conv5 s2, leakyRelu: 32x32x128',
          'conv5 s2, batch norm, leakyRelu: 16x16x256',
          'conv5 s2, batch norm, leakyRelu: 8x8x512',
          'conv5 s2, batch norm, leakyRelu: 4x4x1024',
          'linear: 1',
        ],
      },
    },
  );
});

test('dcgan has 36.57 million parameters', () => {
  const { generator, discriminator } = parametersOf({ recipe: 'dcgan' });
  assert.is(generator + discriminator, 36_565_764);
  const conv = (inputs: number, outputs: number) => 25 * inputs * outputs + outputs;
  const norms = (...channels: number[]) => channels.reduce((sum, count) => sum + 2 * count, 0);
  const trunk = conv(128, 256) + conv(256, 512) + conv(512, 1024);
  assert.is(discriminator, conv(3, 128) + trunk + norms(256, 512, 1024) + 16 * 1024 + 1);
  // The linear layer has a bias for every unit of 4x4x1024; a transposed convolution's bias is as wide as its output.
  const up = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 512 + 256 + 128 + 3;
  assert.is(generator, (128 + 1) * 16 * 1024 + up + norms(1024, 512, 256, 128));
});

test('one step of dcgan at batch 128 takes 1.96 TFLOP and trains with the settings of the study', () => {
  const config = resolveConfig({ recipe: 'dcgan' });
  const { flopsPerStep } = summarize(config);
  assert.ok(Math.abs(flopsPerStep / 1.96e12 - 1) < 0.01, `${flopsPerStep}`);
  assert.is(config.batch, 128);
  assert.is(config.weights, 0.02);
  assert.equal(config.latent, { size: 128, distribution: 'uniform' });
  const adam = { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.999 };
  assert.equal(config.generator, adam);
  assert.equal(config.discriminator, adam);
});

test('operations grow with the batch', () => {
  const flops = (batch: number) => summarize(resolveConfig({ recipe: 'dcgan-digits', batch })).flopsPerStep;
  assert.is(flops(64), 2 * flops(32));
});

test('the draft has 3x3 kernels, 100 latents and a norm in the first layer of its discriminator', () => {
  assertNetworks(
    { recipe: 'dcgan-draft' },
    {
      generator: {
        input: '100',
        layers: [
          'linear, batch norm, relu: 4x4x1024',
          'tconv3 s2, batch norm, relu: 8x8x512',
          'tconv3 s2, batch norm, relu: 16x16x256',
          'tconv3 s2, batch norm, relu: 32x32x128',
          'tconv3 s2, tanh: 64x64x3',
        ],
      },
      discriminator: {
        input: '64x64x3',
        layers: [
          'conv3 s2, batch norm, leakyRelu: 32x32x128',
          'conv3 s2, batch norm, leakyRelu: 16x16x256',
          'conv3 s2, batch norm, leakyRelu: 8x8x512',
          'conv3 s2, batch norm, leakyRelu: 4x4x1024',
          'linear: 1',
        ],
      },
    },
  );
});

test('fully connected layers stand before minibatch discrimination, behind it, or both', () => {
  const layersOf = (minibatchDense: ModelConfig['minibatchDense']) => {
    const { discriminator } = buildGan(
      resolveConfig({ recipe: 'dcgan-digits', model: { minibatchFeatures: 100, minibatchDense } }),
    );
    return discriminator.layers
      .slice(3)
      .map(
        ({ description, outputShape, variables }) => `${description}: ${outputShape}, ${countParameters(variables)}`,
      );
  };
  const before = ['linear, leakyRelu: 256, 524544', 'minibatch discrimination 100x5: 356, 128000'];
  assert.equal(layersOf('before'), [...before, 'linear: 1, 357']);
  assert.equal(layersOf('both'), [...before, 'linear, leakyRelu: 256, 91392', 'linear: 1, 257']);
  assert.equal(layersOf('after'), [
    'minibatch discrimination 100x5: 2148, 1024000',
    'linear, leakyRelu: 256, 550144',
    'linear: 1, 257',
  ]);
});

test('minibatch discrimination stands before the last layer of the discriminator, which reads its features too', () => {
  const { discriminator } = buildGan(
    resolveConfig({ recipe: 'dcgan-digits', model: { minibatchFeatures: 100, minibatchDimensions: 6 } }),
  );
  assert.equal(
    discriminator.layers.slice(-3).map(({ description, outputShape }) => `${description}: ${outputShape.join('x')}`),
    ['conv5 s2, batch norm, leakyRelu: 4x4x128', 'minibatch discrimination 100x6: 2148', 'linear: 1'],
  );
  assert.equal(
    discriminator.layers.slice(-2).map(({ variables }) => countParameters(variables)),
    [2048 * 100 * 6, 2048 + 100 + 1],
  );
});

test('every recipe of the DCGAN takes it: 128 features of 5 dimensions add 4x4x1024 x 640 + 128 parameters', () => {
  for (const recipe of ['dcgan', 'wgan-clip']) {
    const parameters = (minibatchFeatures: number) =>
      parametersOf({ recipe, size: 64, channels: 3, model: { width: 128, minibatchFeatures } }).discriminator;
    assert.is(parameters(128) - parameters(0), 16 * 1024 * 128 * 5 + 128, recipe);
  }
});

test('sizes that halve to 4, 5, 6 or 7 are reached, one super layer more per doubling', () => {
  for (const [size, layers, side] of [
    [16, 3, 4],
    [20, 3, 5],
    [28, 3, 7],
    [32, 4, 4],
    [64, 5, 4],
    [96, 5, 6],
    [128, 6, 4],
    [192, 6, 6],
    [224, 6, 7],
    [256, 7, 4],
  ] as const) {
    const { generator, discriminator } = buildGan(resolveConfig({ recipe: 'dcgan', size, model: { width: 4 } }));
    assert.equal(generator.outputShape, [size, size, 3]);
    assert.equal(discriminator.outputShape, [1]);
    assert.is(generator.layers.length, layers);
    assert.is(discriminator.layers.length, layers);
    assert.equal(generator.layers[0]?.outputShape, [side, side, 4 * 2 ** (layers - 2)]);
    assert.equal(discriminator.layers.at(-2)?.outputShape, [side, side, 4 * 2 ** (layers - 2)]);
  }
});

test('rectangles begin at maps of their aspect, whose shorter side is 4 to 7', () => {
  for (const [size, layers, maps] of [
    [[64, 96], 5, [4, 6]],
    [[96, 64], 5, [6, 4]],
    [[64, 128], 5, [4, 8]],
    [[28, 56], 3, [7, 14]],
    [[16, 20], 3, [4, 5]],
    [[192, 128], 6, [6, 4]],
  ] as const) {
    const { generator, discriminator } = buildGan(resolveConfig({ recipe: 'dcgan', size, model: { width: 4 } }));
    assert.equal(generator.outputShape, [...size, 3]);
    assert.equal(discriminator.outputShape, [1]);
    assert.equal([generator.layers.length, discriminator.layers.length], [layers, layers]);
    assert.equal(generator.layers[0]?.outputShape, [...maps, 4 * 2 ** (layers - 2)]);
    assert.equal(discriminator.layers.at(-2)?.outputShape, [...maps, 4 * 2 ** (layers - 2)]);
  }
});

test('a rectangle adds parameters to the linear layers alone', () => {
  const square = parametersOf({ recipe: 'dcgan', size: 64 });
  const wide = parametersOf({ recipe: 'dcgan', size: [64, 96] });
  assert.is(wide.generator - square.generator, (128 + 1) * 8 * 1024);
  assert.is(wide.discriminator - square.discriminator, 8 * 1024);
});

test('rectangles that do not halve as often on both sides are refused, and recipes that make them are named', () => {
  for (const [size, told] of [
    [[64, 100], '100x64'],
    [[8, 64], '64x8'],
    [[28, 58], '58x28'],
  ] as const) {
    assert.throws(
      () => buildGan(resolveConfig({ recipe: 'dcgan', size })),
      (error: Error & { code: string }) => error.code === 'unreachable_size' && error.message.includes(`size ${told};`),
    );
  }
  assert.throws(
    () => buildGan(resolveConfig({ recipe: 'conv-report', size: [32, 64] })),
    /'conv-report' cannot make images of size 64x32; it makes 32 or 64\. Choose one with --size, or a recipe that makes this one: dcgan, .*mlp-report.*began\./,
  );
});

test('other sizes are refused', () => {
  for (const size of [8, 14, 30, 36, 100]) {
    assert.throws(
      () => buildGan(resolveConfig({ recipe: 'dcgan', size })),
      (error: Error & { code: string }) => error.code === 'unreachable_size' && error.message.includes(`size ${size}`),
    );
  }
});

test('kernels, widths and activations are parameters', () => {
  const model = { kernel: 3, width: 8, generatorActivation: 'elu', discriminatorActivation: 'relu' } as const;
  const { generator, discriminator } = buildGan(resolveConfig({ recipe: 'dcgan', size: 32, channels: 1, model }));
  assert.is(generator.layers[1]?.description, 'tconv3 s2, batch norm, elu');
  assert.is(discriminator.layers[0]?.description, 'conv3 s2, relu');
  assert.equal(discriminator.layers[0]?.outputShape, [16, 16, 8]);
  assert.equal(generator.outputShape, [32, 32, 1]);
});

test("variables are named by network and layer; batch norm's running moments are no parameters", () => {
  const { generator } = buildGan(resolveConfig({ recipe: 'dcgan' }));
  assert.equal(namesOf(generator.variables, /^generator\.layer2\./), [
    ...['generator.layer2.weight', 'generator.layer2.bias', 'generator.layer2.norm.gain', 'generator.layer2.norm.bias'],
    ...['generator.layer2.norm.mean', 'generator.layer2.norm.variance'],
  ]);
  assert.equal(namesOf(generator.parameters, /norm\.(mean|variance)/), []);
  assert.is(new Set(generator.variables.map(({ name }) => name)).size, generator.variables.length);
});

test('dcgan-digits draws grey digits of 32x32', () => {
  const { generator, discriminator } = parametersOf({ recipe: 'dcgan-digits' });
  assert.equal([generator, discriminator], [390_465, 259_457]);
  assert.equal(buildGan(resolveConfig({ recipe: 'dcgan-digits' })).generator.outputShape, [32, 32, 1]);
});

test.run();
