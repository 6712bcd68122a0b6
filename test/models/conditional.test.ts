import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildGan, resolveConfig } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { assertNetworks, parametersOf } from './shapes.ts';

/** A recipe has the networks and, in all, the parameters of these layers. */
function assertRecipe(
  recipe: string,
  networks: Record<'generator' | 'discriminator', readonly (readonly [string, number])[]>,
): void {
  const { generator, discriminator } = networks;
  const inputs = buildGan(resolveConfig({ recipe }));
  const expected = (player: 'generator' | 'discriminator') => ({
    input: inputs[player].inputShape.join('x'),
    layers: networks[player].map(([layer]) => layer),
  });
  assertNetworks({ recipe }, { generator: expected('generator'), discriminator: expected('discriminator') });
  const total = (layers: readonly (readonly [string, number])[]) => layers.reduce((sum, [, count]) => sum + count, 0);
  assert.equal(parametersOf({ recipe }), { generator: total(generator), discriminator: total(discriminator) });
}

test("the guide's DCGAN is told one-hot labels beside its latents and beside the features, with a layer of 256 behind them", () => {
  assertRecipe('dcgan-guide-conditional', {
    generator: [
      ['with 10 labels: 110', 0],
      ['linear, relu, batch norm: 4x4x256', 111 * 4096 + 2 * 256],
      ['tconv5 s2, relu, batch norm: 8x8x256', 25 * 256 * 256 + 2 * 256],
      ['tconv5 s2, relu, batch norm: 16x16x128', 25 * 256 * 128 + 2 * 128],
      ['tconv5 s2, relu, batch norm: 32x32x64', 25 * 128 * 64 + 2 * 64],
      ['conv5, tanh: 32x32x3', 25 * 64 * 3 + 3],
    ],
    discriminator: [
      ['conv5 s2, leakyRelu, batch norm: 16x16x64', 25 * 3 * 64 + 2 * 64],
      ['conv5 s2, leakyRelu, batch norm: 8x8x128', 25 * 64 * 128 + 2 * 128],
      ['conv5 s2, leakyRelu, batch norm: 4x4x256', 25 * 128 * 256 + 2 * 256],
      ['with 10 labels: 4106', 0],
      ['linear, leakyRelu: 256', 4107 * 256],
      ['linear: 1', 257],
    ],
  });
});

test('a generator that is told labels by its norms has a gain and a bias for each, and none beside its latents', () => {
  const told = { recipe: 'dcgan-digits-conditional', model: { conditionalNorm: true } };
  const { generator } = buildGan(resolveConfig(told));
  assert.equal(
    generator.layers.map(({ description, variables }) => [description, countParameters(variables)]),
    [
      ['linear, conditional batch norm, relu', 65 * 2048 + 2 * 11 * 128],
      ['tconv5 s2, conditional batch norm, relu', 25 * 128 * 64 + 64 + 2 * 11 * 64],
      ['tconv5 s2, conditional batch norm, relu', 25 * 64 * 32 + 32 + 2 * 11 * 32],
      ['tconv5 s2, tanh', 25 * 32 + 1],
    ],
  );
});

test("the guide's Wasserstein GAN is told labels as channels of the critic's images", () => {
  assertRecipe('wgan-gp-conditional', {
    generator: [
      ['with 10 labels: 110', 0],
      ['linear, batch norm, relu: 4x4x256', 111 * 4096 + 2 * 256],
      ['tconv5 s2, batch norm, relu: 8x8x128', 25 * 256 * 128 + 3 * 128],
      ['tconv5 s2, batch norm, relu: 16x16x64', 25 * 128 * 64 + 3 * 64],
      ['tconv5 s2, tanh: 32x32x3', 25 * 64 * 3 + 3],
    ],
    discriminator: [
      ['with 10 label channels: 32x32x13', 0],
      ['conv5 s2, leakyRelu: 16x16x64', 25 * 13 * 64 + 64],
      ['conv5 s2, layer norm, leakyRelu: 8x8x128', 25 * 64 * 128 + 3 * 128],
      ['conv5 s2, layer norm, leakyRelu: 4x4x256', 25 * 128 * 256 + 3 * 256],
      ['linear: 1', 4097],
    ],
  });
});

test("the report's fully connected GAN is told an embedding beside latents and pixels", () => {
  assertRecipe('mlp-report-conditional', {
    generator: [
      ['with embedding 10x10: 110', 100],
      ['linear, leakyRelu: 256', 111 * 256],
      ['linear, leakyRelu: 512', 257 * 512],
      ['linear, leakyRelu: 1024', 513 * 1024],
      ['linear, tanh: 28x28x1', 1025 * 784],
    ],
    discriminator: [
      ['with embedding 10x10: 794', 100],
      ['linear, leakyRelu: 1024', 795 * 1024],
      ['dropout 0.3: 1024', 0],
      ['linear, leakyRelu: 512', 1025 * 512],
      ['dropout 0.3: 512', 0],
      ['linear, leakyRelu: 256', 513 * 256],
      ['dropout 0.3: 256', 0],
      ['linear: 1', 257],
    ],
  });
  assert.throws(
    () => resolveConfig({ recipe: 'mlp-report', model: { condition: 'channels' } }),
    /model\.condition: 'channels' cannot be used with recipe 'mlp-report': its layers have no channels/,
  );
});

test("the report's convolutional GAN merges an embedding into its latents, and has one beside 1024 features", () => {
  assertRecipe('conv-report-conditional', {
    generator: [
      ['with embedding 10x10: 110', 100],
      ['linear, leakyRelu: 1x1x220', 111 * 220],
      ['tconv4, batch norm, leakyRelu: 4x4x1024', 16 * 220 * 1024 + 3 * 1024],
      ['tconv4 s2, batch norm, leakyRelu: 8x8x512', 16 * 1024 * 512 + 3 * 512],
      ['tconv4 s2, batch norm, leakyRelu: 16x16x256', 16 * 512 * 256 + 3 * 256],
      ['tconv4 s2, tanh: 32x32x3', 16 * 256 * 3 + 3],
    ],
    discriminator: [
      ['conv4 s2, batch norm, leakyRelu: 16x16x256', 16 * 3 * 256 + 3 * 256],
      ['conv4 s2, batch norm, leakyRelu: 8x8x512', 16 * 256 * 512 + 3 * 512],
      ['conv4 s2, batch norm, leakyRelu: 4x4x1024', 16 * 512 * 1024 + 3 * 1024],
      ['conv4, batch norm, leakyRelu: 1x1x1024', 16 * 1024 * 1024 + 3 * 1024],
      ['with embedding 10x10: 1034', 100],
      ['linear, leakyRelu: 256', 1035 * 256],
      ['linear: 1', 257],
    ],
  });
});

test('the digits DCGAN is told one-hot labels beside its latents, and a projection of the features', () => {
  assertRecipe('dcgan-digits-conditional', {
    generator: [
      ['with 10 labels: 74', 0],
      ['linear, batch norm, relu: 4x4x128', 75 * 2048 + 2 * 128],
      ['tconv5 s2, batch norm, relu: 8x8x64', 25 * 128 * 64 + 3 * 64],
      ['tconv5 s2, batch norm, relu: 16x16x32', 25 * 64 * 32 + 3 * 32],
      ['tconv5 s2, tanh: 32x32x1', 25 * 32 + 1],
    ],
    discriminator: [
      ['conv5 s2, leakyRelu: 16x16x32', 25 * 32 + 32],
      ['conv5 s2, batch norm, leakyRelu: 8x8x64', 25 * 32 * 64 + 3 * 64],
      ['conv5 s2, batch norm, leakyRelu: 4x4x128', 25 * 64 * 128 + 3 * 128],
      ['linear, projection of 10 labels: 1', 2049 + 10 * 2048],
    ],
  });
});

test('as many labels as the data has', () => {
  const conditionedOn = { kind: 'classes', names: ['moon', 'sun', 'star'] };
  const { generator } = parametersOf({ recipe: 'dcgan-digits-conditional', conditionedOn });
  assert.is(generator, parametersOf({ recipe: 'dcgan-digits' }).generator + 3 * 2048);
});

test('every condition of the DCGAN changes its networks in its own way', () => {
  const base = { recipe: 'dcgan-digits', model: { width: 2 } };
  const { generator, discriminator } = parametersOf(base);
  const more = (condition: string, other = {}) => {
    const told = parametersOf({ ...base, model: { width: 2, condition, ...other } });
    return [told.generator - generator, told.discriminator - discriminator];
  };
  // At width 2 the generator begins with 4x4x8 maps, which are the discriminator's last features, 129 weights from the verdict.
  const joint = (extra: number) => (128 + extra + 1) * 256 + 257 - 129;
  assert.equal(more('oneHot'), [10 * 128, joint(10)]);
  assert.equal(more('channels'), [10 * 128, 10 * 5 * 5 * 2]);
  assert.equal(more('embedding', { embedding: 6 }), [60 + 6 * 128, 60 + joint(6)]);
  assert.equal(more('projection'), [10 * 128, 10 * 128]);
});

test('recipes whose networks take no labels refuse a condition', () => {
  assert.throws(
    () => resolveConfig({ recipe: 'began', model: { condition: 'oneHot' } }),
    /model\.condition: it is read by dcgan, .*, mlp-report/,
  );
  assert.throws(
    () => resolveConfig({ recipe: 'dcgan', conditionedOn: { kind: 'classes', names: ['a'] } }),
    /conditionedOn\.kind: it is read only if model\.condition is not none/,
  );
  assert.throws(
    () => resolveConfig({ recipe: 'dcgan', model: { condition: 'oneHot', embedding: 3 } }),
    /model\.embedding: it is read only if model\.condition is embedding/,
  );
});

test.run();
