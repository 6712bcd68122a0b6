import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { ancestors, roots } from '../../src/graph/walk.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Graph } from '../../src/tensor/trace.ts';
import { createModel, loadCheckpoint, openSampler, resume, TrainingSession, train } from '../../src/train/index.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, IMAGES, tinyConfig } from './tiny.ts';

async function trained(changes: ConfigChanges): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig(changes), { out }));
  return out;
}

const imagesIn = (run: string): unknown => JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).replay.images;

test('a store holds an image for every second batch of the data, or as many as it is told', async () => {
  const run = await trained({ batch: 4, replay: { share: 0.5 } });
  assert.is(imagesIn(run), IMAGES / 4 / 2);
  const { files } = await loadCheckpoint(run);
  assert.equal(files.get('replay')?.tensors.get('replay.images')?.shape, [5, 16, 16, 1]);
  assert.is(imagesIn(await trained({ replay: { share: 0.5, images: 7 } })), 7);
});

test('a discriminator sees what it saw before until the store is full', async () => {
  const [plain, replaying] = await Promise.all([
    lossesOf({ model: { discriminatorNorm: 'none' } }, 4),
    // Each update puts one image in, so the fourth is the first that finds three.
    lossesOf({ model: { discriminatorNorm: 'none' }, replay: { share: 0.5, images: 3 } }, 4),
  ]);
  assert.equal(replaying.slice(0, 3), plain.slice(0, 3));
  assert.not.equal(replaying[3], plain[3]);
});

/** The discriminator's loss in each of the first steps, on images that are all the same. */
async function lossesOf(changes: ConfigChanges, steps: number): Promise<(number | undefined)[]> {
  const config = tinyConfig({ ...changes, generatorSteps: 1 });
  const session = await TrainingSession.open(createModel(config), openDevice('cpu', { threads: 1 }));
  try {
    await session.initialize();
    const images = new Float32Array(config.batch * elements(session.model.discriminator.inputShape)).fill(0.3);
    const losses = [];
    for (let step = 1; step <= steps; step++)
      losses.push((await session.step(step, [{ images }], { fetch: true })).discriminatorLoss);
    return losses;
  } finally {
    session.close();
  }
}

test('a discriminator that mixes images is shown earlier ones by themselves', () => {
  const config = tinyConfig({ replay: { share: 0.25 } });
  const { match } = createModel(config);
  const [discriminatorStep] = match.programs;
  const batches = convolvedBatches((discriminatorStep as (typeof match.programs)[number]).trace());
  assert.equal(batches, [config.batch, 6, 2], 'real images, those of this batch, earlier ones');
});

/** How many images each convolution of the discriminator's first layer takes. */
const convolvedBatches = (graph: Graph): unknown[] =>
  ancestors(roots(graph)).flatMap(({ op, inputs, scope }) =>
    op === 'conv2d' && scope === 'discriminator.layer1' ? [inputs[0]?.shape[0]] : [],
  );

test('images are drawn without the store', async () => {
  const session = await openSampler(await trained({ replay: { share: 0.5 } }));
  const store = session.model.match.replay?.[0];
  assert.ok(store);
  assert.is(
    (await session.read(store)).every((value) => value === 0),
    true,
    'nothing of it was read',
  );
  session.close();
});

test('a replay is not for a gradient penalty, nor for a batch in parts', async () => {
  const penalised = { recipe: 'wgan-gp', channels: 1, model: { width: 2, discriminatorNorm: 'layer' } };
  await rejects(
    () => trained({ ...penalised, replay: { share: 0.5 } }),
    'replay_with_penalty',
    /replay\.share: gradientPenalty is 10, and holds the critic's slope .* Set replay\.share to 0, or gradientPenalty to 0/,
  );
  await rejects(
    () => trained({ accumulation: 2, replay: { share: 0.5 } }),
    'replay_in_parts',
    /0\.5 of a batch cannot be earlier images where accumulation takes the batch in 2 parts/,
  );
});

test('a store begins with its run and keeps its size', async () => {
  const run = await trained({ steps: 2, replay: { share: 0.5 } });
  const change = (replay: object) => eventsOf(resume(run, { steps: 3, changes: { replay } }));
  await rejects(() => change({ images: 9 }), 'change_refused', /replay\.images from 3 to 9: .* a store of so many/);
  await rejects(
    () => change({ share: 0, images: 0 }),
    'change_refused',
    /replay\.share from 0\.5 to 0: .* or does not/,
  );
  await change({ share: 0.25 });
  const without = await trained({ steps: 2 });
  await rejects(
    () => eventsOf(resume(without, { steps: 3, changes: { replay: { share: 0.5 } } })),
    'change_refused',
    /replay\.share from 0 to 0\.5: the checkpoint holds a store of earlier generated images, or does not/,
  );
});

test.run();
