import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.ts';
import { readMatFile } from '../../src/data/labels/mat_file.ts';
import { openDataset } from '../../src/data/open.ts';
import { matFile, SCIPY_COMPRESSED_FILE, SCIPY_FILE } from './mat_files.ts';
import { uniformPng } from './pictures.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

/** Photos of these names in `jpg/`, beside other files. */
async function photos(names: readonly string[], files: Record<string, Uint8Array> = {}): Promise<string> {
  const png = await uniformPng(3, 3, [200, 0, 90]);
  return temporaryFolder({ ...Object.fromEntries(names.map((name) => [`jpg/${name}`, png])), ...files });
}

const classesOf = ({ labels }: Dataset): string[] =>
  Array.from(labels?.values ?? [], (value) => labels?.names[value] as string);

test('numeric arrays of a MATLAB file, packed or not, in either order of bytes', () => {
  for (const file of [SCIPY_FILE, SCIPY_COMPRESSED_FILE]) {
    const arrays = readMatFile('x.mat', file);
    assert.equal([...arrays.keys()], ['labels', 'weights']);
    assert.equal(arrays.get('labels'), { shape: [1, 4], values: Float64Array.of(77, 77, 3, 102) });
    assert.equal(arrays.get('weights'), { shape: [2, 2], values: Float64Array.of(0.5, 3, -1.25, 4) });
  }
  for (const littleEndian of [true, false]) {
    const arrays = readMatFile('x.mat', matFile({ a: [1, 500] }, { littleEndian }));
    assert.equal([...(arrays.get('a')?.values ?? [])], [1, 500]);
  }
});

test('a damaged MATLAB file is refused by name', async () => {
  const cut = SCIPY_FILE.subarray(0, 200);
  await rejects(() => readMatFile('x.mat', cut), 'mat_file', /x\.mat: is damaged or cut short .*fetch it again/);
  const flipped = Buffer.from(SCIPY_COMPRESSED_FILE);
  flipped.writeUInt8(0xff, 150);
  await rejects(() => readMatFile('x.mat', flipped), 'mat_file', /damaged or cut short/);
  await rejects(() => readMatFile('x.mat', Buffer.from('no')), 'mat_file', /does not begin like one/);
  const hdf = Buffer.alloc(128);
  hdf.write('MATLAB 7.3 MAT-file');
  await rejects(() => readMatFile('x.mat', hdf), 'mat_file', /version 7\.3, .* save it in MATLAB with -v7/);
});

test('Flowers 102: label n of imagelabels.mat is that of image n, counted from 1', async () => {
  const names = ['image_00001.jpg', 'image_00002.jpg', 'image_00004.jpg'];
  const folder = await photos(names, { 'imagelabels.mat': SCIPY_COMPRESSED_FILE });
  const dataset = await openDataset(`flowers102:${folder}`, { size: 2 });
  assert.equal(classesOf(dataset), ['passion flower', 'passion flower', 'blackberry lily']);
  assert.is(dataset.labels?.names.length, 102);
  assert.equal(
    dataset.skipped.map(({ path }) => path),
    ['image_00003.jpg'],
  );
});

test('Flowers 102: the parts that setid.mat names', async () => {
  const folder = await photos(['image_00001.jpg', 'image_00002.jpg', 'image_00003.jpg'], {
    'imagelabels.mat': matFile({ labels: [1, 2, 3] }),
    'setid.mat': matFile({ trnid: [2], valid: [1], tstid: [3] }, { compressed: true }),
  });
  const part = (split: 'train' | 'test') => openDataset(`flowers102:${folder}`, { size: 2, split });
  assert.equal(classesOf(await part('train')), ['hard-leaved pocket orchid']);
  assert.equal(classesOf(await part('test')), ['canterbury bells']);
  assert.equal((await part('test')).skipped, []);
});

test('Flowers 17: the labels follow from the numbers of the images, eighty each, and this is told', async () => {
  const names = [1, 80, 81, 160, 1281, 1360].map((n) => `image_${String(n).padStart(4, '0')}.jpg`);
  const dataset = await openDataset(`flowers17:${await photos(names)}`, { size: 2 });
  assert.equal(classesOf(dataset), ['daffodil', 'daffodil', 'snowdrop', 'snowdrop', 'pansy', 'pansy']);
  assert.equal(dataset.notes, ['labels: from the numbers of the images, 80 of each class in turn']);
});

test('Flowers 17: the first parts that datasplits.mat names', async () => {
  const folder = await photos(['image_0001.jpg', 'image_0081.jpg'], {
    'datasplits.mat': matFile({ trn1: [81], val1: [5], tst1: [1] }),
  });
  assert.equal(classesOf(await openDataset(`flowers17:${folder}`, { size: 2, split: 'train' })), ['snowdrop']);
  assert.equal(classesOf(await openDataset(`flowers17:${folder}`, { size: 2, split: 'test' })), ['daffodil']);
});

test('labels that are missing, of other data, or no attributes are refused', async () => {
  const open = async (files: Record<string, Uint8Array>, options = {}) =>
    openDataset(`flowers102:${await photos(['image_00001.jpg'], files)}`, { size: 2, ...options });
  await rejects(() => open({}), 'label_file', /imagelabels\.mat: the labels cannot be read: ENOENT/);
  await rejects(
    () => open({ 'imagelabels.mat': matFile({ ids: [1] }) }),
    'mat_file',
    /an array `labels`, but it has ids/,
  );
  await rejects(() => open({ 'imagelabels.mat': matFile({ labels: [103] }) }), 'mat_file', /label 1 is 103/);
  await rejects(() => open({ 'imagelabels.mat': matFile({ labels: [0] }) }), 'mat_file', /but it holds 0/);
  const good = { 'imagelabels.mat': matFile({ labels: [1] }) };
  await rejects(() => open(good, { attributes: ['rose'] }), 'attribute_unknown', /and no attributes to choose from/);
  await rejects(() => open(good, { split: 'test' }), 'split_missing', /setid\.mat/);
  const seventeen = `flowers17:${await photos(['image_0001.jpg'])}`;
  await rejects(() => openDataset(seventeen, { size: 2, attributes: ['x'] }), 'attribute_unknown');
});

test.run();
