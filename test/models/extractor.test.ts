import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import type { ConfigError } from '../../src/errors.ts';
import { buildExtractor } from '../../src/games/index.ts';
import { recipeOf, resolveConfig } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { createModel } from '../../src/train/index.ts';
import { assertNetworks, parametersOf } from './shapes.ts';

test('the networks are those of a DCGAN of base width 64, with representative variables behind the noise', () => {
  assertNetworks(
    { recipe: 'extractor-gan', extractor: { measures: ['brightness', 'sharpness'], labels: ['7'] } },
    {
      generator: {
        input: '103',
        layers: [
          'linear, batch norm, relu: 4x4x512',
          'tconv5 s2, batch norm, relu: 8x8x256',
          'tconv5 s2, batch norm, relu: 16x16x128',
          'tconv5 s2, batch norm, relu: 32x32x64',
          'tconv5 s2, tanh: 64x64x3',
        ],
      },
      discriminator: {
        input: '64x64x3',
        layers: [
          'conv5 s2, leakyRelu: 32x32x64',
          'conv5 s2, batch norm, leakyRelu: 16x16x128',
          'conv5 s2, batch norm, leakyRelu: 8x8x256',
          'conv5 s2, batch norm, leakyRelu: 4x4x512',
          'linear: 1',
        ],
      },
    },
  );
});

test('it has as many parameters as a DCGAN whose latents are longer by one number', () => {
  const conv = (inputs: number, outputs: number) => 25 * inputs * outputs + outputs;
  const norms = 2 * (128 + 256 + 512);
  const { generator, discriminator } = parametersOf({ recipe: 'extractor-gan' });
  const up = conv(512, 256) + conv(256, 128) + conv(128, 64) + conv(64, 3);
  assert.is(generator, 102 * 16 * 512 + up + 2 * (512 + 256 + 128 + 64));
  const down = conv(3, 64) + conv(64, 128) + conv(128, 256) + conv(256, 512);
  assert.is(discriminator, down + norms + 16 * 512 + 1);
});

test('noise is uniform in [0, 1), Adam has 2e-4 and 0.5, and the generator is updated twice to each update of the discriminator', () => {
  const config = resolveConfig({ recipe: 'extractor-gan', size: 16, batch: 2, model: { width: 2 } });
  assert.equal(config.latent, { size: 100, distribution: 'unit' });
  assert.is(resolveConfig({ recipe: 'extractor-gan' }).batch, 64);
  for (const player of ['generator', 'discriminator'] as const)
    assert.equal(config[player], { name: 'adam', learningRate: 2e-4, beta1: 0.5, beta2: 0.999 });
  const { programs } = createModel(config).match;
  assert.equal(
    programs.map(({ trace, repeats }) => [trace().name, repeats.at(1)]),
    [
      ['discriminator step', 1],
      ['generator step', 2],
    ],
  );
});

test('the network that reads labels has two convolutions and a linear layer', () => {
  const network = buildExtractor([32, 32, 3], 2);
  assert.equal(
    network.layers.map(({ description, outputShape }) => `${description}: ${outputShape.join('x')}`),
    ['conv5 s2, leakyRelu: 16x16x32', 'conv5 s2, leakyRelu: 8x8x64', 'linear: 2'],
  );
  assert.is(countParameters(network.variables), 25 * 3 * 32 + 32 + 25 * 32 * 64 + 64 + 64 * 64 * 2 + 2);
});

const small = (extractor: ConfigChanges) => ({
  recipe: 'extractor-gan',
  size: 16,
  batch: 2,
  latent: { size: 3 },
  model: { width: 2 },
  extractor,
});

test('a network is trained beside the others unless a file has it, and reads the labels of real images then', () => {
  const feedsOf = (extractor: ConfigChanges) =>
    createModel(resolveConfig(small(extractor))).match.programs.map(({ trace }) =>
      trace()
        .feeds.map(({ attributes }) => attributes.name)
        .sort(),
    );
  assert.equal(feedsOf({ labels: ['7'] }), [['labels', 'real'], []]);
  assert.equal(feedsOf({ labels: ['7'], file: 'epoch-25.safetensors' }), [['real'], []]);
  assert.equal(feedsOf({}), [['real'], []]);
});

test('what it reports: the cross entropy of the readings, and the loss of a network that learns', () => {
  const reported = (extractor: ConfigChanges) => {
    const config = resolveConfig(small(extractor));
    const outputs = createModel(config).match.programs.flatMap(({ trace }) => Object.keys(trace().outputs));
    assert.equal(outputs.sort(), Object.keys(recipeOf(config).game.monitors(config)).sort());
    return outputs;
  };
  assert.ok(reported({}).includes('extraction'));
  assert.ok(!reported({}).includes('extractorLoss'));
  assert.ok(reported({ labels: ['7'] }).includes('extractorLoss'));
});

test('a game with nothing to read, or something twice, is refused', () => {
  const refused = (extractor: ConfigChanges, code: string) =>
    assert.throws(
      () => createModel(resolveConfig(small(extractor))),
      (error: ConfigError) => error.code === code,
    );
  refused({ measures: [] }, 'extractor_idle');
  refused({ measures: ['brightness', 'brightness'] }, 'extractor_repeated');
  refused({ labels: ['brightness'] }, 'extractor_repeated');
  assert.throws(() => resolveConfig(small({ measures: ['loudness'] })), /extractor\.measures\.0: expected/);
});

test.run();
