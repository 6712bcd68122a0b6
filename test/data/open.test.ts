import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../src/data/open.ts';
import { cifar10Folder, idxFolder } from './packed_files.ts';
import { uniformPng } from './pictures.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

const idx = temporaryFolder(idxFolder(2, 4, 4));
const cifar10 = temporaryFolder(cifar10Folder(1));
const pictures = temporaryFolder();
test.before(async () => addFiles(pictures, { 'a.png': await uniformPng(3, 3, [1, 2, 3]) }));

const describe = async (spec: string, options = {}) => {
  const { name, count, size, channels } = await openDataset(spec, options);
  return `${name} ${count} ${size.join('x')}x${channels}`;
};

test('names, and names with a folder', async () => {
  assert.is(await describe('mnist', { size: 32 }), 'mnist 60000 32x32x1');
  assert.is(await describe(`mnist:${idx}`), 'mnist 2 4x4x1');
  assert.is(await describe(`fashion-mnist:${idx}`, { size: [5, 5], channels: 3 }), 'fashion-mnist 2 5x5x3');
  assert.is(await describe(`cifar10:${cifar10}`), 'cifar10 5 32x32x3');
});

test('folders are known by what they hold', async () => {
  assert.is(await describe(idx), `${idx} 2 4x4x1`);
  assert.is(await describe(cifar10), 'cifar10 5 32x32x3');
  assert.is(await describe(pictures, { size: 8 }), `${pictures} 1 8x8x3`);
  assert.is(await describe(pictures, { size: [8, 4], channels: 1 }), `${pictures} 1 8x4x1`);
});

test('what only the files of a folder heed is refused for packed data', async () => {
  for (const spec of [`mnist:${idx}`, `cifar10:${cifar10}`, idx, cifar10, 'emoji']) {
    await rejects(() => openDataset(spec, { crop: 2 }), 'data_packed', /: crop is for the files of a folder/);
    await rejects(() => openDataset(spec, { maxPixels: 9 }), 'data_packed', /: maxPixels is for/);
  }
  assert.is(await describe(idx, { crop: 0, maxPixels: 200_000_000 }), `${idx} 2 4x4x1`);
});

test('clothes have names', async () => {
  const { labels } = await openDataset(`fashion-mnist:${idx}`);
  assert.is(labels?.names[9], 'Ankle boot');
});

test('a slip of the pen gets a suggestion, anything else the list', async () => {
  await rejects(() => openDataset('mnits'), 'data_unknown', /'mnits'/, /Did you mean 'mnist'\?/);
  await rejects(() => openDataset('fashion_mnist'), 'data_unknown', /Did you mean 'fashion-mnist'\?/);
  await rejects(() => openDataset('cifar-10:/data'), 'data_unknown', /Did you mean 'cifar10'\?/);
  await rejects(
    () => openDataset('./photos/of/nobody'),
    'data_unknown',
    /mnist, fashion-mnist, cifar10, emoji, celeba, flowers17, flowers102\)\.$/,
  );
  await rejects(() => openDataset('toString'), 'data_unknown');
});

test('CIFAR-10 needs its folder, a folder of images its size', async () => {
  await rejects(() => openDataset('cifar10'), 'cifar10_folder', /cifar10:DIR/);
  await rejects(() => openDataset(pictures), 'image_size', /--size/);
  await rejects(() => openDataset(pictures, { size: 2.5 }), 'image_size', /2\.5x2\.5/);
  await rejects(
    () => openDataset(pictures, { size: 100_000 }),
    'image_size',
    /from 1 to 8192, but received 100000x100000/,
  );
});

test.run();
