import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { conditionedOn, imageShapeOf } from '../../src/config/index.ts';
import { expected, runOn } from '../../src/device/execution.ts';
import { ShapeError } from '../../src/errors.ts';
import { defineRecipe, findRecipe, type Recipe, recipes } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import { relativeError } from '../../src/oracle/compare.ts';
import { reducedConfig, trainingStep } from '../../src/parity/steps.ts';
import { devices, openKernelDevice } from '../devices.ts';
import { own } from '../models/own.ts';
import { expectClose } from './parity.ts';

for (const recipe of recipes) {
  test(`${recipe.name}: everything that can be is small, and the rest is the recipe's own`, () => {
    const config = reducedConfig(recipe);
    const { defaults, keys } = recipe;
    assert.ok(Math.max(...imageShapeOf(config)) <= 32 && config.batch <= 4 && config.latent.size <= 4);
    assert.is(config.model.width, keys.some(({ key }) => key === 'model.width') ? 3 : defaults.model.width);
    const own = ({
      loss,
      schedule,
      gradientPenalty,
      channels,
      model: { kernel, discriminatorNorm },
    }: typeof config) => [...[loss, schedule, gradientPenalty, channels, kernel, discriminatorNorm]];
    assert.equal(own(config), own(defaults));
    assert.is(config.discriminator.name, defaults.discriminator.name);
  });
}

const step = (name: string) => trainingStep(findRecipe(name) as Recipe);

for (const name of ['dcgan-guide', 'wgan-gp', 'wgan-clip', 'began']) {
  const work = step(name);
  const after = expected(work);

  test(`${name}: the inputs are exact in float32, so that both sides begin alike`, () => {
    for (const [key, values] of Object.entries(work.bindings)) assert.equal(values, values.map(Math.fround), key);
  });

  test(`${name}: a step moves the weights of both networks so far that a wrong update shows`, () => {
    const weights = Object.keys(work.bindings).filter((key) => /^(generator|discriminator)\..*weight$/.test(key));
    assert.ok(weights.filter((key) => key.startsWith('generator')).length > 2);
    assert.ok(weights.filter((key) => key.startsWith('discriminator')).length > 2);
    const still = weights.filter(
      (key) => relativeError(after[key] as Float64Array, work.bindings[key] as Float64Array) < 1e-3,
    );
    // Slots are no weights, and move where the optimiser has them.
    assert.equal(
      still.filter((key) => !key.includes('.optimizer.')),
      [],
    );
  });

  test(`${name}: losses and every variable are results`, () => {
    const variables = work.graphs.flatMap(({ variables }) => variables.map((variable) => variable.name));
    const losses = work.graphs.flatMap(({ outputs }) => Object.keys(outputs));
    assert.equal(Object.keys(after).sort(), [...new Set([...variables, ...losses])].sort());
    for (const loss of ['discriminatorLoss', 'generatorLoss']) assert.ok(losses.includes(loss), loss);
    assert.is(losses.length, new Set(losses).size, 'programs name their outputs apart');
  });
}

for (const recipe of recipes) {
  test(`${recipe.name}: a whole step on the CPU and on the CUDA kernels comes to what the oracle says`, async () => {
    const work = trainingStep(recipe);
    const said = expected(work);
    for (const open of [devices.cpu, openKernelDevice]) {
      const device = await open();
      expectClose(await runOn(device, work), said);
      device.close();
    }
  });
}

/** A conditional GAN with virtual batch norm in both networks, for images of 16x16 or more and 4 latents or more. */
const demanding = defineRecipe({
  name: 'demanding',
  networks: (config) => {
    const { latent } = config;
    const shape = imageShapeOf(config);
    if (shape[0] < 16) throw new ShapeError('network_misfit', 'the images are too small');
    if (latent.size < 4) throw new ShapeError('network_misfit', 'the latents are too few');
    const classes = conditionedOn(config).names.length;
    const image = nn.linear(shape);
    const normed = nn.block({ transform: nn.linear([6]), norm: 'virtual', referenceBatch: 3, activation: 'elu' });
    return {
      generator: nn.sequential(
        'generator',
        [latent.size],
        [nn.besideLabels(classes), normed, nn.block({ transform: image, activation: 'tanh' })],
      ),
      discriminator: nn.sequential('discriminator', shape, [normed, nn.block({ transform: nn.linear([1]) })]),
    };
  },
  defaults: { size: 32, channels: 1, latent: { size: 5 }, model: { condition: 'oneHot' } },
});

test('a recipe of its own is as small as its networks let it be', () => {
  const small = reducedConfig(own);
  assert.equal([small.size, small.latent.size, small.batch], [8, 3, 4]);
  const { size, latent, batch } = reducedConfig(demanding);
  assert.equal([size, latent.size, batch], [32, 5, 4]);
});

for (const recipe of [own, demanding]) {
  test(`a whole step of the own recipe '${recipe.name}' comes to what the oracle says on the CPU and on the CUDA kernels`, async () => {
    const work = trainingStep(recipe);
    const said = expected(work);
    assert.ok(said['generator.layer2.weight'] && said.discriminatorLoss);
    for (const open of [devices.cpu, openKernelDevice]) {
      const device = await open();
      expectClose(await runOn(device, work), said);
      device.close();
    }
  });
}

for (const name of ['dcgan-draft', 'wgan-gp', 'began', 'mlp-report']) {
  test(`${name}: a step on images that are no squares comes to what the oracle says on every device`, async () => {
    const recipe = findRecipe(name) as Recipe;
    const work = trainingStep(recipe, { ...reducedConfig(recipe), size: [16, 24] });
    const said = expected(work);
    for (const open of [devices.cpu, openKernelDevice, devices.tfjs]) {
      const device = await open();
      expectClose(await runOn(device, work), said);
      device.close();
    }
  });
}

test('alternating programs run one after the other: the generator meets the discriminator as it has become', () => {
  const { graphs, bindings } = step('wgan-clip');
  const [, generatorStep] = graphs;
  const apart = expected({ graphs: [generatorStep as (typeof graphs)[0]], bindings });
  const together = expected({ graphs, bindings });
  assert.is.not(apart.generatorLoss?.[0], together.generatorLoss?.[0]);
});

test.run();
