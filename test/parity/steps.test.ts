import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, runOn } from '../../src/device/execution.ts';
import { findRecipe, type Recipe, recipes } from '../../src/models/index.ts';
import { relativeError } from '../../src/oracle/compare.ts';
import { reducedConfig, trainingStep } from '../../src/parity/steps.ts';
import { devices, openKernelDevice } from '../devices.ts';
import { expectClose } from './parity.ts';

for (const recipe of recipes) {
  test(`${recipe.name}: everything that can be is small, and the rest is the recipe's own`, () => {
    const config = reducedConfig(recipe);
    const { defaults, keys } = recipe;
    assert.ok(config.size <= 32 && config.batch <= 4 && config.latent.size <= 4);
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

test('alternating programs run one after the other: the generator meets the discriminator as it has become', () => {
  const { graphs, bindings } = step('wgan-clip');
  const [, generatorStep] = graphs;
  const apart = expected({ graphs: [generatorStep as (typeof graphs)[0]], bindings });
  const together = expected({ graphs, bindings });
  assert.is.not(apart.generatorLoss?.[0], together.generatorLoss?.[0]);
});

test.run();
