import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Config, imageShapeOf, mergeChanges } from '../../src/config/index.ts';
import { ConfigError, GannetError } from '../../src/errors.ts';
import { equilibrium } from '../../src/games/index.ts';
import {
  buildGan,
  dcgan,
  defineRecipe,
  recallConfig,
  recipeOf,
  resolveChanges,
  resolveConfig,
} from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import { createModel } from '../../src/train/index.ts';
import { own } from './own.ts';

/** It is refused with this code, and this is said. */
function refuses(act: () => unknown, code: string, message: RegExp): void {
  assert.throws(act, (error: GannetError) => {
    assert.instance(error, GannetError, String(error));
    assert.is(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

const generator = (config: Config) =>
  nn.sequential('generator', [config.latent.size], [nn.block({ transform: nn.linear(imageShapeOf(config)) })]);
const discriminator = (config: Config, units = [1]) =>
  nn.sequential('discriminator', imageShapeOf(config), [nn.block({ transform: nn.linear(units) })]);
const both = (config: Config) => ({ generator: generator(config), discriminator: discriminator(config) });

test('an own recipe has its defaults, those of its schema, and those of the DCGAN elsewhere', () => {
  const config = resolveConfig({ recipe: own });
  assert.is(config.recipe, 'own');
  assert.equal(config.options, { depth: 1, dropout: 0 });
  assert.equal([config.size, config.loss, config.r1, config.batch], [16, 'hinge', 1, dcgan.defaults.batch]);
  assert.equal(config.generator, { name: 'rmsprop', learningRate: 1e-3 }, 'nothing of the optimiser that it replaces');
});

test('its networks are made of its configuration, keys of its own among them', () => {
  const layers = (depth: number) =>
    buildGan(resolveConfig({ recipe: own, options: { depth } })).generator.layers.length;
  assert.equal([layers(1), layers(3)], [3, 5]);
});

test('a configuration carries its recipe along, through copies but not into JSON', () => {
  const config = resolveConfig({ recipe: own, batch: 4 });
  assert.is(recipeOf({ ...config }), own);
  const written = JSON.parse(JSON.stringify(config));
  assert.equal(written, { ...config });
  refuses(() => recipeOf(written), 'unknown_recipe', /no recipe 'own'.* a program may give a recipe of its own/);
  assert.equal(recallConfig(written, own), config);
  assert.equal(resolveChanges(config as never), config, 'it resolves to itself');
});

test('a key is read if the networks ask for it in the configuration at hand, or the game reads it', () => {
  const resolve = (changes: object) => resolveChanges(mergeChanges({ recipe: own }, changes as never));
  resolve({ options: { depth: 2, dropout: 0.5 }, loss: 'wasserstein', labels: {} });
  refuses(
    () => resolve({ options: { dropout: 0.5 } }),
    'unread_key',
    /with recipe 'own':\n {2}options\.dropout: it is read only if the networks of 'own' ask for it\n/,
  );
  refuses(() => resolve({ model: { width: 3 } }), 'unread_key', /model\.width: .*the networks of 'own' ask for it/);
  refuses(
    () => resolve({ labels: { real: 0.9 } }),
    'unread_key',
    /labels\.real: it is read only if the networks of 'own' ask for it, or loss is /,
  );
});

test('keys of its own are held to its schema, and unknown ones are told with the nearest', () => {
  const resolve = (options: object) => resolveChanges({ recipe: own, options });
  refuses(() => resolve({ depth: 4 }), 'invalid_config', /options\.depth: .*received 4/);
  refuses(() => resolve({ dept: 2 }), 'invalid_config', /'options\.dept' is no key .*Did you mean 'options\.depth'\?/);
  refuses(() => resolveChanges({ recipe: 'dcgan', options: {} }), 'invalid_config', /'options' is no key/);
});

test('changes are typed', () => {
  const plain = defineRecipe({ name: 'plain', networks: both });
  // @ts-expect-error a key that does not exist
  assert.throws(() => resolveConfig({ recipe: 'dcgan', bach: 3 }));
  // @ts-expect-error a key that does not exist within a group
  assert.throws(() => resolveConfig({ recipe: 'dcgan', model: { widht: 3 } }));
  // @ts-expect-error a value that a key cannot have
  assert.throws(() => resolveConfig({ recipe: 'dcgan', loss: 'hing' }));
  // @ts-expect-error a key that the own recipe does not have
  assert.throws(() => resolveConfig({ recipe: own, options: { dept: 3 } }));
  // @ts-expect-error a recipe without keys of its own
  assert.throws(() => resolveConfig({ recipe: plain, options: { depth: 3 } }));
});

test('a name that gannet has, or that no folder could have, is refused', () => {
  refuses(() => defineRecipe({ name: 'dcgan', networks: both }), 'recipe_name_taken', /cannot be named 'dcgan'/);
  refuses(() => defineRecipe({ name: 'my gan/2', networks: both }), 'recipe_name', /received "my gan\/2"/);
  refuses(() => resolveConfig({ recipe: { ...own, name: 'began' } }), 'recipe_name_taken', /'began'/);
});

test('defaults that cannot be used are refused where the recipe is defined', () => {
  const defaults = { size: -1 };
  refuses(() => defineRecipe({ name: 'bad', networks: both, defaults }), 'invalid_config', /size: .*received -1/);
});

test('networks that do not fit what is asked of them are told with both shapes', () => {
  const build = (networks: (config: Config) => unknown, game?: typeof equilibrium) =>
    createModel(
      resolveConfig({
        recipe: defineRecipe({ name: 'mine', networks: networks as typeof both, ...(game && { game: game as never }) }),
        size: 16,
        batch: 4,
      }),
    );
  build(both);
  refuses(
    () => build((c) => ({ ...both(c), generator: generator({ ...c, size: 8 }) })),
    'network_misfit',
    /the generator of recipe 'mine' gives \[8,8,3\] for each sample, but .*size and channels ask for \[16,16,3\]/,
  );
  refuses(
    () => build((c) => ({ ...both(c), generator: generator({ ...c, latent: { ...c.latent, size: 5 } }) })),
    'network_misfit',
    /the generator .* takes \[5\] .* latent\.size ask for \[128\]/,
  );
  refuses(
    () => build((c) => ({ ...both(c), discriminator: discriminator({ ...c, channels: 1 }) })),
    'network_misfit',
    /the discriminator .* takes \[16,16,1\] .* ask for \[16,16,3\]/,
  );
  refuses(
    () => build((c) => ({ ...both(c), discriminator: discriminator(c, [2]) })),
    'network_misfit',
    /the discriminator .* gives \[2\] for each image, but the adversarial game needs one number, \[1\]/,
  );
  refuses(() => build(both, equilibrium), 'recipe_networks', /needs an autoencoder/);
  refuses(() => build((c) => generator(c)), 'recipe_networks', /its generator is undefined/);
  refuses(
    () => build(() => (undefined as unknown as { x: { y: number } }).x.y),
    'recipe_failed',
    /the networks of recipe 'mine' could not be made: TypeError: Cannot read/,
  );
  const alike = (c: Config) => ({
    ...both(c),
    discriminator: { ...discriminator(c), variables: generator(c).variables },
  });
  refuses(
    () => build(alike),
    'variable_redefined',
    /two variables of recipe 'mine' are named 'generator\.layer1\.weight'/,
  );
});

test('the image sizes that a recipe says are the only ones', () => {
  const sizes = { accepts: (height: number, width: number) => height === 16 && width >= 16, description: '16 high' };
  const recipe = defineRecipe({ name: 'sized', networks: both, sizes, defaults: { size: 16 } });
  assert.equal(buildGan(resolveConfig({ recipe })).generator.outputShape, [16, 16, 3]);
  assert.equal(buildGan(resolveConfig({ recipe, size: [16, 24] })).generator.outputShape, [16, 24, 3]);
  refuses(() => buildGan(resolveConfig({ recipe, size: 32 })), 'unreachable_size', /makes 16 high\./);
  refuses(
    () => buildGan(resolveConfig({ recipe, size: [24, 16] })),
    'unreachable_size',
    /images of size 16x24; it makes 16 high/,
  );
});

test('a recipe that says nothing of sizes is asked for squares alone', () => {
  const recipe = defineRecipe({ name: 'plain', networks: both });
  assert.equal(buildGan(resolveConfig({ recipe, size: 17 })).generator.outputShape, [17, 17, 3]);
  refuses(
    () => buildGan(resolveConfig({ recipe, size: [16, 24] })),
    'unreachable_size',
    /images of size 24x16; it makes squares of any size; for others, say in `sizes` which it makes\. Choose one with --size, or a recipe that makes this one: dcgan, .*\bbegan\./,
  );
});

test('an error of a recipe is a ConfigError', () => {
  assert.throws(
    () => defineRecipe({ name: '', networks: both }),
    (error: unknown) => error instanceof ConfigError,
  );
});

test.run();
