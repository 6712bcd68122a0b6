import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, ConfigChanges } from '../../src/config/index.ts';
import { writeGrid } from '../../src/data/index.ts';
import { unitToBytes } from '../../src/data/pixels.ts';
import { type Call, type Device, openDevice } from '../../src/device/index.ts';
import { repeatedEach } from '../../src/train/by_label.ts';
import {
  chooseLabel,
  createModel,
  everyLabel,
  generatedImages,
  loadCheckpoint,
  openSampler,
  readMetrics,
  resume,
  sampleRows,
  TrainingSession,
  train,
} from '../../src/train/index.ts';
import { withLabels } from '../../src/train/labelled_data.ts';
import { uniformPng } from '../data/pictures.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, tinyConfig, toArray } from './tiny.ts';

const conditional = (changes: ConfigChanges = {}): Config =>
  tinyConfig({ recipe: 'dcgan-digits-conditional', sampleCount: 20, ...changes });

async function trained(changes: ConfigChanges = {}): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(conditional(changes), { out }));
  return out;
}

/** The digits of tiny runs, read as labelled by these names in their label file. */
const DIGITS = { kind: 'classes', names: [...'0123456789'] };

test("the classes of the data are the networks', and every checkpoint names them", async () => {
  const run = await trained();
  const { state } = await loadCheckpoint(run);
  const { config } = state as unknown as { config: Config };
  assert.equal(config.conditionedOn, DIGITS);
  assert.equal(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).conditionedOn, DIGITS);
});

for (const condition of ['oneHot', 'channels', 'embedding', 'projection']) {
  test(`${condition}: a run taken up again reaches the bits of an unbroken one`, async () => {
    const changes = { model: { width: 2, condition }, ...(condition === 'channels' && { discriminatorSteps: 2 }) };
    const whole = await trained({ ...changes, steps: 6 });
    const run = await trained({ ...changes, steps: 3 });
    await eventsOf(resume(run, { steps: 6 }));
    assert.equal(checkpointBytes(run, 6), checkpointBytes(whole, 6));
  });
}

/** A session of a conditional model, and the losses of its first step on images that are all the same. */
async function lossesWith(labels: (batch: number) => Int32Array | undefined): Promise<unknown> {
  const config = conditional();
  const session = await TrainingSession.open(createModel(config), openDevice('cpu', { threads: 1 }));
  try {
    await session.initialize();
    const images = new Float32Array(config.batch * 256).fill(0.3);
    const given = labels(config.batch);
    return await session.step(1, [{ images, ...(given && { labels: given }) }], { fetch: true });
  } finally {
    session.close();
  }
}

test('labels change what both networks do, and are needed', async () => {
  const [zeros, ones] = [
    await lossesWith((n) => new Int32Array(n)),
    await lossesWith((n) => new Int32Array(n).fill(1)),
  ];
  assert.not.equal(zeros, ones);
  await rejects(
    () => lossesWith(() => undefined),
    'labels_missing',
    /a batch of 8 images: recipe 'dcgan-digits-conditional' is conditional and needs their labels, of 10 classes each/,
  );
});

test('a discriminator update takes the labels of its own batch, a generator update those of the last', async () => {
  const config = conditional({ batch: 2, discriminatorSteps: 2, generatorSteps: 2 });
  const device = openDevice('cpu', { threads: 1 });
  const fed: unknown[] = [];
  const watched = new Proxy(device, {
    get: (target, name: keyof Device) => {
      if (name !== 'run') return target[name];
      return (calls: readonly Call[]) => {
        fed.push(...calls.flatMap(({ feeds = {} }) => (feeds.labels ? [columnsOf(feeds.labels)] : [])));
        return target.run(calls);
      };
    },
  });
  const session = await TrainingSession.open(createModel(config), watched);
  await session.initialize();
  const images = new Float32Array(2 * 256);
  const batches = [Int32Array.of(3, 4), Int32Array.of(5, 6)].map((labels) => ({ images, labels }));
  await session.step(1, batches, { fetch: false });
  session.close();
  assert.equal(fed, [
    [3, 4],
    [5, 6],
    [5, 6],
    [5, 6],
  ]);
});

/** The column of the 1 in each row of one-hot labels of ten classes. */
const columnsOf = (vectors: ArrayLike<number>): number[] =>
  Array.from(vectors).flatMap((value, i) => (value === 1 ? [i % 10] : []));

test('conditional norms: a run taken up again reaches the bits of an unbroken one', async () => {
  const model = { width: 2, conditionalNorm: true };
  const whole = await trained({ model, steps: 6 });
  const run = await trained({ model, steps: 3 });
  await eventsOf(resume(run, { steps: 6 }));
  assert.equal(checkpointBytes(run, 6), checkpointBytes(whole, 6));
});

test('conditional norms draw another image of the same latent for another class', async () => {
  const session = await openSampler(await trained({ model: { width: 2, conditionalNorm: true } }));
  const images = await sampleRows(
    session,
    await session.drawLatents(1, 1),
    everyLabel({ kind: 'classes', names: DIGITS.names }),
  );
  session.close();
  assert.not.equal([...images.data.slice(0, 256)], [...images.data.slice(256, 512)]);
});

test('the sample grid has a row for each class, with the same latents in all', async () => {
  const run = await trained();
  const session = await openSampler(run);
  const latents = await session.drawLatents(2, 1);
  const images = await sampleRows(session, latents, everyLabel({ kind: 'classes', names: DIGITS.names }));
  assert.equal(images.shape, [20, 16, 16, 1]);
  const seven = chooseLabel({ kind: 'classes', names: DIGITS.names }, '7');
  const single = await session.sample(latents.subarray(0, 4), seven.vector);
  session.close();
  assert.equal(single.data, images.data.slice(14 * 256, 15 * 256), 'row 7, column 0');
  const again = join(temporaryFolder(), 'again.png');
  await writeGrid(again, images, { columns: 2 });
  assert.equal(readFileSync(again), readFileSync(join(run, 'samples', 'step-000006.png')));
});

test('the diversity within classes is measured beside that of all samples', async () => {
  const { values } = (await readMetrics(await trained())).at(-1) ?? {};
  const { diversity, classDiversity } = values as Record<string, number>;
  assert.ok((classDiversity as number) > 0 && (diversity as number) > 0, JSON.stringify(values));
  const narrow = (await readMetrics(await trained({ sampleCount: 10 }))).at(-1)?.values;
  assert.not('classDiversity' in (narrow ?? {}), 'one image of each class has no diversity');
});

test('generated images have the labels they are asked for, or each in turn', async () => {
  const session = await openSampler(await trained());
  const on = { kind: 'classes', names: DIGITS.names } as const;
  const inTurn = [...Array(70).keys()].map((i) => chooseLabel(on, String(i % 10)));
  const batches = (await toArray(generatedImages(session, { count: 70, seed: 1 }))).flatMap(({ pixels }) => [
    ...pixels,
  ]);
  const { data } = await session.sampleMany(await session.drawLatents(70, 1), repeatedEach(inTurn, 1));
  assert.equal(batches, [...unitToBytes(data)]);
  const threes = repeatedEach([chooseLabel(on, '3')], 70);
  const [first] = await toArray(generatedImages(session, { count: 70, seed: 1, labels: threes }));
  session.close();
  assert.not.equal([...(first?.pixels ?? [])], batches.slice(0, 64 * 256));
});

test('images drawn from a conditional run need labels', async () => {
  const session = await openSampler(await trained());
  const latents = await session.drawLatents(3, 1);
  await rejects(() => session.sample(latents), 'labels_missing', /3 images: recipe/);
  session.close();
});

/** A folder of eight pictures in folders of these names. */
const folderOf = async (...classes: string[]): Promise<string> =>
  temporaryFolder(
    Object.fromEntries(
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => [
          join(classes[i % classes.length] as string, `${i}.png`),
          await uniformPng(16, 16, [30 * i, 30 * i, 30 * i]),
        ]),
      ),
    ),
  );

test('images without labels are refused before anything is written', async () => {
  const data = await folderOf('.');
  const out = join(temporaryFolder(), 'run');
  await rejects(
    () => eventsOf(train(conditional({ data }), { out })),
    'data_unlabelled',
    /recipe 'dcgan-digits-conditional' \(model\.condition\) needs labels, but these images have none/,
  );
});

test('a run does not go on with images of other classes', async () => {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(conditional({ data: await folderOf('moon', 'sun'), steps: 2 }), { out }));
  const other = await folderOf('moon', 'star');
  await rejects(
    () => eventsOf(resume(out, { steps: 3, data: other })),
    'labels_changed',
    /made for the 2 classes moon, sun, but these images have the 2 classes moon, star/,
  );
});

test('attributes are not classes, though their names be the same', async () => {
  const names = ['moon', 'sun'];
  const images = {
    name: 'sky',
    labels: { kind: 'attributes', names, values: new Int32Array(4) },
  } as unknown as Parameters<typeof withLabels>[1];
  const config = { ...conditional(), conditionedOn: { kind: 'classes' as const, names } };
  await rejects(
    () => withLabels(config, images),
    'labels_changed',
    /made for the 2 classes moon, sun, but these images have the 2 attributes moon, sun/,
  );
});

test.run();
