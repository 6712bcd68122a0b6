import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeChanges } from '../../src/config/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { recipes, resolveChanges, resolveConfig, validateConfig } from '../../src/models/index.ts';

/** The configuration is refused with this code, and this is said. */
function refuses(changes: Record<string, unknown>, code: string, message: RegExp): void {
  assert.throws(
    () => resolveChanges(changes),
    (error: ConfigError) => {
      assert.instance(error, ConfigError);
      assert.is(error.code, code);
      assert.match(error.message, message);
      return true;
    },
  );
}

test('changes go into the defaults of their recipe, key by key', () => {
  const config = resolveConfig({ recipe: 'dcgan', batch: 4, model: { width: 8 }, labels: { real: 0.9 } });
  assert.equal([config.batch, config.model.width, config.model.kernel], [4, 8, 5]);
  assert.equal(config.labels, { real: 0.9, fake: 0, flip: 0 });
});

test('the defaults of every recipe are whole and valid', () => {
  for (const { name, defaults } of recipes) assert.equal(validateConfig(defaults), resolveConfig({ recipe: name }));
});

test('a resolved configuration resolves to itself, so that a run can be started from another one', () => {
  for (const { name } of recipes) {
    const config = resolveConfig({ recipe: name, seed: 9 });
    assert.equal(resolveConfig(config), config, name);
  }
});

test('unknown recipes, keys and values are refused with the nearest known', () => {
  refuses({}, 'unknown_recipe', /no recipe 'undefined'/);
  refuses({ recipe: 'dc-gan' }, 'unknown_recipe', /Did you mean 'dcgan'\?/);
  refuses({ recipe: 'dcgan', bach: 3 }, 'invalid_config', /'bach' is no key .* Did you mean 'batch'\?/);
  refuses(
    { recipe: 'dcgan', latent: { sise: 3 } },
    'invalid_config',
    /'latent\.sise' .* Did you mean 'latent\.size'\?/,
  );
  refuses({ recipe: 'dcgan', device: 'cpuu' }, 'invalid_config', /device: .* received "cpuu"\. Did you mean 'cpu'\?/);
  refuses({ recipe: 'dcgan', model: 3 }, 'invalid_config', /model: expected object, but received 3\./);
});

test('every problem is told at once', () => {
  refuses({ recipe: 'dcgan', batch: -1, seed: 'x' }, 'invalid_config', /batch: .*-1[\s\S]*seed: .*"x"/);
});

test('settings that would change nothing are refused', () => {
  refuses(
    { recipe: 'conv-guide', model: { firstNorm: true } },
    'unread_key',
    /no effect with recipe 'conv-guide':\n {2}model\.firstNorm: it is read by dcgan, /,
  );
  refuses(
    { recipe: 'dcgan', discriminator: { name: 'sgd', momentum: 0.9 } },
    'unknown_setting',
    /discriminator: optimiser 'sgd' has no setting 'momentum'/,
  );
});

test('minibatch discrimination is refused where a recipe has none, and out of range', () => {
  refuses(
    { recipe: 'mlp-report', model: { minibatchFeatures: 128 } },
    'unread_key',
    /recipe 'mlp-report':\n {2}model\.minibatchFeatures: it is read by dcgan, /,
  );
  refuses(
    { recipe: 'dcgan', model: { minibatchFeatures: -1, minibatchDimensions: 0 } },
    'invalid_config',
    /minibatchFeatures: .*received -1[\s\S]*minibatchDimensions: .*received 0/,
  );
});

test('a configuration from before minibatch discrimination goes on without it', () => {
  const { minibatchFeatures: _, minibatchDimensions: __, ...model } = resolveConfig({ recipe: 'dcgan' }).model;
  const { model: read } = validateConfig({ ...resolveConfig({ recipe: 'dcgan' }), model });
  assert.equal([read.minibatchFeatures, read.minibatchDimensions], [0, 5]);
});

test('another optimiser starts from its own settings, but keeps the learning rate', () => {
  const { generator, discriminator } = resolveConfig({ recipe: 'dcgan', generator: { name: 'rmsprop', decay: 0.9 } });
  assert.equal(generator, { name: 'rmsprop', learningRate: 2e-4, decay: 0.9 });
  assert.is(discriminator.name, 'adam');
});

test('of steps and epochs the later one counts', () => {
  assert.equal(mergeChanges({ epochs: 3 }, { steps: 10 }), { steps: 10 });
  assert.equal(mergeChanges({ epochs: 3 }, { batch: 1 }), { epochs: 3, batch: 1 });
  assert.equal(mergeChanges({ steps: 10 }, { epochs: 2 }), { steps: 10, epochs: 2 });
});

test.run();
