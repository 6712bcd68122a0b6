import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/index.ts';
import { DataError } from '../../src/errors.ts';
import { prepareTraining, resume, train } from '../../src/train/index.ts';
import { uniformPng } from '../data/pictures.ts';
import { readBytes } from '../data/read.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, only, tinyConfig } from './tiny.ts';

/** Ten uniform pictures of 16x16 in grey, and which of them were read. */
function uniformPictures(side = 16): Dataset & { readonly taken: Set<number> } {
  const taken = new Set<number>();
  return {
    name: 'uniform pictures',
    count: 10,
    size: [side, side],
    channels: 1,
    skipped: [],
    fingerprint: 'uniform-10',
    taken,
    read(index, into, offset) {
      taken.add(index);
      into.fill(index / 5 - 1, offset, offset + side * side);
    },
  };
}

test("a caller's own data set is trained on, and resumed with", async () => {
  const config = tinyConfig({ data: 'made up', steps: 2 });
  const out = join(temporaryFolder(), 'run');
  const dataset = uniformPictures();
  const [end] = only(await eventsOf(train(config, { out, dataset })), 'end');
  assert.is(end?.reason, 'finished');
  assert.is(dataset.taken.size, 10);
  const [resumed] = only(await eventsOf(resume(out, { steps: 4, dataset: uniformPictures() })), 'end');
  assert.is(resumed?.step, 4);
});

test('images of another size than the configuration says are refused', async () => {
  const training = train(tinyConfig(), { out: join(temporaryFolder(), 'run'), dataset: uniformPictures(8) });
  const error = await training.next().catch((caught: unknown) => caught as DataError);
  assert.instance(error, DataError);
  assert.is((error as DataError).code, 'image_format');
  assert.match((error as DataError).message, /^uniform pictures: expected images of 16x16x1, .* received 8x8x1/);
});

test('the configuration decides what is cut out of the images', async () => {
  const framed = await sharp(await uniformPng(12, 20, [0, 0, 255]))
    .composite([{ input: await uniformPng(8, 8, [0, 255, 0]), left: 2, top: 6 }])
    .png()
    .toBuffer();
  const data = temporaryFolder(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.png`, framed])));
  const { dataset, device } = await prepareTraining(tinyConfig({ data, channels: 3, crop: 8 }));
  device.close();
  assert.ok((await readBytes(dataset, 0)).every((value, i) => value === [0, 255, 0][i % 3]));
});

test.run();
