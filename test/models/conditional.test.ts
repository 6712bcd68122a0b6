import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveConfig } from '../../src/models/index.ts';
import { assertNetworks, parametersOf } from './shapes.ts';

test('the digits DCGAN is told one-hot labels beside its latents and beside the features, with a layer of 256 behind them', () => {
  assertNetworks(
    { recipe: 'dcgan-digits-conditional' },
    {
      generator: {
        input: '64',
        layers: [
          'with 10 labels: 74',
          'linear, batch norm, relu: 4x4x128',
          'tconv5 s2, batch norm, relu: 8x8x64',
          'tconv5 s2, batch norm, relu: 16x16x32',
          'tconv5 s2, tanh: 32x32x1',
        ],
      },
      discriminator: {
        input: '32x32x1',
        layers: [
          'conv5 s2, leakyRelu: 16x16x32',
          'conv5 s2, batch norm, leakyRelu: 8x8x64',
          'conv5 s2, batch norm, leakyRelu: 4x4x128',
          'with 10 labels: 2058',
          'linear, leakyRelu: 256',
          'linear: 1',
        ],
      },
    },
  );
  const [alone, told] = ['dcgan-digits', 'dcgan-digits-conditional'].map((recipe) => parametersOf({ recipe }));
  assert.is(told?.generator, (alone?.generator as number) + 10 * 2048);
  assert.is(told?.discriminator, (alone?.discriminator as number) - 2049 + 2059 * 256 + 257);
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
    /model\.condition: it is read by dcgan, /,
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
