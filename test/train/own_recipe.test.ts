import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { ConfigError } from '../../src/errors.ts';
import { evaluateRun } from '../../src/evaluation/index.ts';
import { drawCurves, interpolationGrid, openExplorer } from '../../src/explore/index.ts';
import { adversarial, type Game } from '../../src/games/index.ts';
import { dcgan, defineRecipe, type RecipeSettings, resolveConfig } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import { openSampler, readMetrics, readMonitors, resume, summarize, train } from '../../src/train/index.ts';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { type OwnOptions, own } from '../models/own.ts';
import { checkpointBytes, eventsOf, only } from './tiny.ts';

const data = temporaryFolder(idxFolder(40, 16, 16));

const settings = (steps: number): RecipeSettings<OwnOptions> => ({
  recipe: own,
  data: `mnist:${data}`,
  batch: 8,
  steps,
  logEvery: 2,
  sampleEvery: 4,
  checkpointEvery: 2,
  sampleCount: 20,
  health: { collapseBelow: 0 },
  device: 'cpu',
  threads: 1,
});

const newRun = (): string => join(temporaryFolder(), 'run');

test('a run of an own recipe has all that a run of gannet has', async () => {
  const run = newRun();
  const events = await eventsOf(train(settings(4), { out: run }));
  assert.equal(
    only(events, 'checkpoint').map(({ step }) => step),
    [2, 4],
  );
  const names = [
    'config.json',
    'metrics.jsonl',
    'samples/step-000004.png',
    'checkpoints/step-000004/average.safetensors',
  ];
  assert.equal(
    names.filter((name) => !existsSync(join(run, name))),
    [],
  );
  const monitors = await readMonitors(run, { recipe: own });
  assert.equal(Object.keys(monitors), Object.keys(only(events, 'start')[0]?.monitors ?? {}));
  assert.ok('classDiversity' in monitors && 'penaltyReal' in monitors === false);
  const drawing = await drawCurves(await readMetrics(run), monitors, {});
  assert.ok(drawing);
});

test('it goes on to the very bits of an unbroken run', async () => {
  const [whole, broken] = [newRun(), newRun()];
  await eventsOf(train(settings(6), { out: whole }));
  await eventsOf(train(settings(4), { out: broken }));
  await eventsOf(resume(broken, { steps: 6, recipe: own }));
  assert.equal(checkpointBytes(broken, 6), checkpointBytes(whole, 6));
});

test('it is sampled, explored and measured with its recipe', async () => {
  const run = newRun();
  await eventsOf(train(settings(2), { out: run }));
  const session = await openSampler(run, { recipe: own });
  const labels = Float32Array.from({ length: 20 }, (_, i) => (i % 10 === Math.floor(i / 10) ? 1 : 0));
  const images = await session.sample(await session.drawLatents(2, 1), labels);
  assert.equal(images.shape, [2, 16, 16, 1]);
  session.close();

  const explorer = await openExplorer(run, { recipe: own });
  assert.is((await explorer.space.directions()).length, 4, 'those of its first linear layer');
  assert.equal(interpolationGrid(explorer.space, { rows: 1, columns: 3, seed: 1 }).rows.length, 1);
  explorer.close();

  const { evaluation } = await evaluateRun(run, { recipe: own, count: 20 });
  assert.is(evaluation.recipe, 'own');
});

test('it goes on with other keys of its own where only its game reads them', async () => {
  const weighed: Game = {
    ...adversarial,
    keys: [...adversarial.keys, { key: 'options.weight' }],
    monitors: (config) => adversarial.monitors(config),
  };
  const recipe = defineRecipe({
    name: 'weighed',
    game: weighed,
    schema: z.object({ units: z.number().default(8), weight: z.number().default(1) }),
    defaults: { size: 16, channels: 1, latent: { size: 4 } },
    networks: ({ latent, options }) => ({
      generator: nn.sequential(
        'generator',
        [latent.size],
        [nn.block({ transform: nn.linear([options.units]) }), nn.block({ transform: nn.linear([16, 16, 1]) })],
      ),
      discriminator: nn.sequential('discriminator', [16, 16, 1], [nn.block({ transform: nn.linear([1]) })]),
    }),
  });
  const run = newRun();
  await eventsOf(train({ ...settings(2), recipe, sampleCount: 4, options: {} }, { out: run }));
  const refused = await resume(run, { recipe, changes: { options: { units: 9 } } })
    .next()
    .catch((error: ConfigError) => error);
  assert.is((refused as ConfigError).code, 'change_refused');
  assert.match((refused as ConfigError).message, /options\.units from 8 to 9: the networks were made of it\./);
  const events = await eventsOf(resume(run, { recipe, steps: 3, changes: { options: { weight: 2 } } }));
  assert.equal(
    only(events, 'change').map(({ key, from, to }) => [key, from, to]),
    [['options.weight', 1, 2]],
  );
});

test('a run whose recipe is not given, or another one, is refused by name', async () => {
  const run = newRun();
  await eventsOf(train(settings(2), { out: run }));
  const refusal = (recipe?: typeof dcgan) =>
    openSampler(run, { recipe }).catch((error: ConfigError) => error) as Promise<ConfigError>;
  const without = await refusal();
  assert.instance(without, ConfigError);
  assert.is(without.code, 'recipe_unkept');
  const other = await refusal(dcgan);
  assert.is(other.code, 'recipe_differs');
  assert.match(other.message, /is a run of recipe 'own', but was to be taken up by recipe 'dcgan'/);
});

test('it is planned as any other', () => {
  const summary = summarize(resolveConfig(settings(2)));
  assert.is(summary.recipe, 'own');
  assert.is(summary.parameters, 14 * 8 + 8 + 9 * 256 + (266 * 8 + 8) + 9);
});

test.run();
