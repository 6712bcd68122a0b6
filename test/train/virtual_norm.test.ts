import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigChanges, imageShapeOf } from '../../src/config/index.ts';
import { openDataset } from '../../src/data/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { equilibrium } from '../../src/games/index.ts';
import { ancestors, roots } from '../../src/graph/walk.ts';
import { nn } from '../../src/index.ts';
import { defineRecipe, resolveConfig } from '../../src/models/index.ts';
import type { Graph } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { createModel, loadCheckpoint, TrainingSession, train } from '../../src/train/index.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, IMAGES, tinyConfig, tinyData, tinySettings } from './tiny.ts';

const VIRTUAL: ConfigChanges = {
  model: { generatorNorm: 'virtual', discriminatorNorm: 'virtual', referenceBatch: 5 },
};
const CONDITIONAL: ConfigChanges = {
  model: { ...(VIRTUAL.model as object), condition: 'projection' },
  sampleCount: 10,
};

/** The reference batch in the checkpoint of a short run. */
async function referenceOf(changes: ConfigChanges) {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig(changes), { out }));
  const file = (await loadCheckpoint(out)).files.get('reference');
  assert.ok(file, 'a file of the reference batch');
  const read = async (name: string) => [...((await file?.read(`reference.${name}`)) ?? [])];
  return { names: [...(file?.tensors.keys() ?? [])].sort(), read };
}

/** The data's images with their classes, by their pixels. */
async function imagesByPixels(): Promise<ReadonlyMap<string, number>> {
  const dataset = await openDataset(tinyData(), { size: 16, channels: 1 });
  const images = new Map<string, number>();
  for (let i = 0; i < dataset.count; i++) {
    const pixels = new Float32Array(16 * 16);
    await dataset.read(i, pixels, 0);
    images.set(String([...pixels]), dataset.labels?.values[i] as number);
  }
  return images;
}

const rowsOf = (values: readonly number[], size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));

test('a checkpoint holds the reference batch: different images of the data with their labels, and latents', async () => {
  const { names, read } = await referenceOf(CONDITIONAL);
  assert.equal(names, ['reference.images', 'reference.labels', 'reference.latents']);
  const data = await imagesByPixels();
  const images = rowsOf(await read('images'), 16 * 16);
  assert.is(new Set(images.map(String)).size, 5);
  const classes = images.map((image) => data.get(String(image)));
  assert.equal(
    rowsOf(await read('labels'), 10).map((row) => row.indexOf(1)),
    classes,
  );
  assert.is((await read('latents')).filter((value) => value !== 0).length, 5 * 4);
});

test('it is fixed at the start by the seed: training does not change it', async () => {
  const contents = async (changes: ConfigChanges) => {
    const { read } = await referenceOf({ ...VIRTUAL, ...changes });
    return [await read('images'), await read('latents')];
  };
  const short = await contents({ steps: 1 });
  assert.equal(await contents({ steps: 5 }), short);
  const others = await contents({ steps: 1, seed: 2 });
  assert.not.equal(others[0], short[0]);
  assert.not.equal(others[1], short[1]);
});

/** The latents of the reference batch of a generator of 4 numbers with `behind` further ones, in rows. */
async function latentsOf(behind: number, changes: ConfigChanges): Promise<number[][]> {
  const { read } = await referenceOf({ ...changes, model: { generatorNorm: 'virtual', referenceBatch: 12 } });
  return rowsOf(await read('latents'), 4 + behind);
}

test('its latents are distributed as those of training', async () => {
  const uniform = (await latentsOf(0, { latent: { distribution: 'uniform' } })).flat();
  assert.ok(uniform.every((value) => value >= -1 && value < 1) && Math.min(...uniform) < 0);
  const normal = (await latentsOf(0, { latent: { distribution: 'normal' } })).flat();
  assert.ok(Math.max(...normal.map(Math.abs)) > 1);
  const told = await latentsOf(1, { recipe: 'extractor-gan', channels: 1 });
  const noise = told.flatMap((row) => row.slice(0, 4));
  assert.ok(noise.every((value) => value > 0 && value < 1));
  assert.equal([...new Set(told.map((row) => row[4]))].sort(), [0, 1], 'a representative variable behind the noise');
});

test('a network without such a norm has no reference', async () => {
  assert.equal((await referenceOf({ model: { generatorNorm: 'virtual' } })).names, ['reference.latents']);
  assert.equal((await referenceOf({ model: { discriminatorNorm: 'virtual', referenceBatch: 5 } })).names, [
    'reference.images',
  ]);
  assert.is(createModel(tinyConfig()).references, undefined);
});

/** How many samples each product of a layer of a program takes. */
const batchesIn = (graph: Graph, op: string, layer: string): number[] =>
  ancestors(roots(graph)).flatMap(({ op: kind, inputs, scope }) =>
    kind === op && scope.endsWith(layer) ? [inputs[0]?.shape[0] as number] : [],
  );

test('a program takes a reference through each network once, and real and generated images as one batch', () => {
  const { match } = createModel(tinyConfig({ ...VIRTUAL, batch: 8, accumulation: 2 }));
  const [discriminatorStep] = match.programs.map(({ trace }) => trace()) as [Graph];
  assert.equal(batchesIn(discriminatorStep, 'conv2d', 'discriminator.layer1').sort(), [5, 8, 8]);
});

/** Labels of a batch and of a reference of the same size. */
const [OF_BATCH, OF_REFERENCE] = [
  [3, 1, 4],
  [1, 5, 9],
];

/** The generator after two steps with a reference of the batch's size. @param reference its labels */
async function generatorAfter(changes: ConfigChanges, reference: readonly number[]) {
  const config = tinyConfig({
    batch: 3,
    model: { generatorNorm: 'virtual', referenceBatch: 3, condition: 'oneHot', ...changes },
    sampleCount: 10,
  });
  const session = await TrainingSession.open(createModel(config), openDevice('cpu', { threads: 1 }));
  await session.initialize();
  const labels = session.model.references?.labels as Variable;
  await session.write(labels, Float32Array.from(reference.flatMap((label) => oneHot(label))));
  const images = Float32Array.from({ length: 3 * 16 * 16 }, (_, i) => Math.sin(i));
  for (const step of [1, 2]) {
    await session.step(step, [{ images, labels: Int32Array.from(OF_BATCH) }], { fetch: false });
  }
  const values: number[] = [];
  for (const variable of session.model.generator.variables) values.push(...(await session.read(variable)));
  session.close();
  return values;
}

const oneHot = (label: number): number[] => Array.from({ length: 10 }, (_, i) => Number(i === label));

test('the reference latents are told fixed labels, or those of the batch if model.referenceLabels says so', async () => {
  const fixed = await generatorAfter({}, OF_REFERENCE);
  const asBatch = await generatorAfter({}, OF_BATCH);
  assert.not.equal(fixed, asBatch);
  assert.equal(await generatorAfter({ referenceLabels: 'batch' }, OF_REFERENCE), asBatch);
});

test('labels of a batch that is smaller than the reference come again, and of a larger one the first are taken', () => {
  for (const batch of [2, 8]) {
    const { match } = createModel(
      tinyConfig({ ...CONDITIONAL, batch, model: { ...(CONDITIONAL.model as object), referenceLabels: 'batch' } }),
    );
    const [, generatorStep] = match.programs.map(({ trace }) => trace()) as [Graph, Graph];
    assert.ok(batchesIn(generatorStep, 'matmul', 'generator.layer2').includes(5));
  }
});

/** A BEGAN of a few layers, all with virtual batch norm. */
const ownBegan = defineRecipe({
  name: 'virtual-began',
  game: equilibrium,
  networks: (config) => {
    const { latent } = config;
    const image = imageShapeOf(config);
    const layer = (name: string, from: readonly number[], to: readonly number[]) =>
      nn.sequential(name, from, [
        nn.block({ transform: nn.linear([6]), norm: 'virtual', referenceBatch: 5, activation: 'elu' }),
        nn.block({ transform: nn.linear(to) }),
      ]);
    const encoder = layer('encoder', image, [latent.size]);
    const decoder = layer('decoder', [latent.size], image);
    const discriminator = nn.networkOf({
      name: 'discriminator',
      layers: [...encoder.layers, ...decoder.layers],
      inputShape: image,
      outputShape: image,
      apply: (x, pass) => decoder.apply(encoder.apply(x, pass), pass),
    });
    return {
      generator: layer('generator', [latent.size], image),
      discriminator: { ...discriminator, encode: encoder.apply, decode: decoder.apply },
      carry: nn.statistic('carry', [], nn.zeros),
    };
  },
  defaults: { latent: { distribution: 'normal' }, equilibrium: { carrySteps: 0 }, loss: 'equilibrium' },
});

for (const schedule of ['alternating', 'simultaneous'] as const) {
  test(`an autoencoder may have it too: ${schedule} updates are trained with its reference`, async () => {
    const { recipe: _, model: __, ...settings } = tinySettings();
    const config = resolveConfig({ ...settings, channels: 1, recipe: ownBegan, schedule } as never);
    const out = join(temporaryFolder(), 'run');
    await eventsOf(train(config, { out }));
    const { files } = await loadCheckpoint(out);
    const kept = [...((await files.get('discriminator')?.read('decoder.layer1.norm.mean')) ?? [])];
    assert.ok(kept.length === 6 && kept.every((value) => value !== 0), `${kept}`);
  });
}

test('a penalty goes with it, since no image counts in the verdict on another', () => {
  const config = resolveConfig({ recipe: 'wgan-gp', size: 16, model: { width: 2, discriminatorNorm: 'virtual' } });
  assert.ok(createModel(config).match.programs[0]?.trace().outputs.penalty);
});

test('a reference with more images than the data has is refused', () =>
  rejects(
    () =>
      eventsOf(train(tinyConfig({ model: { discriminatorNorm: 'virtual' } }), { out: join(temporaryFolder(), 'run') })),
    'reference_too_large',
    new RegExp(`model\\.referenceBatch: virtual batch norm needs 64 different images, but .* holds ${IMAGES}\\. Set`),
  ));

test('layers of one recipe that ask for reference batches of two sizes are refused', () => {
  const recipe = defineRecipe({
    name: 'two-references',
    networks: (config) => ({
      generator: nn.sequential(
        'generator',
        [config.latent.size],
        [
          nn.block({
            transform: nn.linear(imageShapeOf(config)),
            norm: 'virtual',
            referenceBatch: 3,
            activation: 'tanh',
          }),
        ],
      ),
      discriminator: nn.sequential('discriminator', imageShapeOf(config), [
        nn.block({ transform: nn.linear([4]), norm: 'virtual', referenceBatch: 2 }),
        nn.block({ transform: nn.linear([1]) }),
      ]),
    }),
  });
  assert.throws(
    () => createModel(resolveConfig({ recipe, size: 4 })),
    (error: unknown) =>
      error instanceof ConfigError && error.code === 'reference_sizes' && /ask for 3 and 2 images/.test(error.message),
  );
});

test.run();
