import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCifar10 } from '../../src/data/cifar10.ts';
import { cifar10Folder } from './packed_files.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

const files = cifar10Folder(3);

test('planes become pixels, files follow each other, labels have names', async () => {
  const dataset = await openCifar10(temporaryFolder(files));
  assert.equal([dataset.count, dataset.size, dataset.channels], [15, [32, 32], 3]);
  assert.equal((await readBytes(dataset, 14)).slice(0, 6), [14, 100, 7, 14, 100, 200]);
  assert.is(dataset.labels?.names[dataset.labels.values[13] ?? 0], 'cat');
});

test('the folder of the archive is found inside another', async () => {
  const inside = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
  );
  assert.is((await openCifar10(temporaryFolder(inside))).count, 15);
});

test('the test part is the test file', async () => {
  const folder = temporaryFolder({ ...files, 'test_batch.bin': files['data_batch_5.bin'] ?? '' });
  const dataset = await openCifar10(folder, { split: 'test' });
  assert.is(dataset.count, 3);
  assert.is((await readBytes(dataset, 0))[0], 12);
});

test('grey is the luminance', async () => {
  const dataset = await openCifar10(temporaryFolder(files), { channels: 1 });
  const grey = (await readBytes(dataset, 0))[1] ?? 0;
  assert.is(dataset.channels, 1);
  assert.ok(grey > 75 && grey < 110, `(0, 100, 200) has luminance ${grey}`);
});

test('a missing file, a short file and a class past 9 are refused', async () => {
  const { 'data_batch_4.bin': fourth, ...four } = files;
  await rejects(() => openCifar10(temporaryFolder(four)), 'cifar10_missing', /data_batch_4\.bin/);
  const short = { ...files, 'data_batch_4.bin': (fourth ?? new Uint8Array()).subarray(0, 9000) };
  await rejects(() => openCifar10(temporaryFolder(short)), 'cifar10_length', /3073/, /9000/);
  const wrong = Uint8Array.from(fourth ?? []);
  wrong[3073] = 10;
  await rejects(
    () => openCifar10(temporaryFolder({ ...files, 'data_batch_4.bin': wrong })),
    'cifar10_label',
    /record 1/,
  );
});

test.run();
