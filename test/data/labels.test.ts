import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { augmented, NO_AUGMENTATION } from '../../src/data/augment.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { openImageFolder } from '../../src/data/folder.ts';
import {
  classLabels,
  countLabels,
  expectLabels,
  imagesWithLabel,
  type Labels,
  labelIndex,
  labelVectors,
} from '../../src/data/labels/labels.ts';
import { type Batch, createLoader, type LoaderPosition } from '../../src/data/loader.ts';
import { openDataset } from '../../src/data/open.ts';
import { cifar10Folder, idxFolder } from './packed_files.ts';
import { uniformPng } from './pictures.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

const animals: Labels = { kind: 'classes', names: ['cat', 'dog', 'eel'], values: Int32Array.of(1, 0, 1, 1) };
const faces: Labels = { kind: 'attributes', names: ['Male', 'Smiling'], values: Int32Array.of(0, 1, 1, 1, 0, 0) };

test('classes are counted by image, attributes by image that has them', () => {
  assert.equal(countLabels(animals), [1, 3, 0]);
  assert.equal(countLabels(faces), [1, 2]);
});

test('the first images of a label are found', () => {
  assert.equal(imagesWithLabel(animals, 1, 2), [0, 2]);
  assert.equal(imagesWithLabel(animals, 2, 9), []);
  assert.equal(imagesWithLabel(faces, 1, 9), [0, 1]);
  assert.equal(imagesWithLabel(faces, 0, 9), [1]);
});

test('a network takes a one in the column of the class, or of each attribute', () => {
  assert.equal([...labelVectors(animals, Int32Array.of(2, 0))], [0, 0, 1, 1, 0, 0]);
  assert.equal([...labelVectors(faces, Int32Array.of(0, 1, 1, 1))], [0, 1, 1, 1]);
});

test('names that are numbers are ordered as numbers, others by code units', () => {
  assert.equal(classLabels(['10', '9', '10']).names, ['9', '10']);
  assert.equal([...classLabels(['10', '9', '10']).values], [1, 0, 1]);
  assert.equal(classLabels(['b', 'B', 'a']).names, ['B', 'a', 'b']);
});

test('a label is found by its name, or refused with the nearest and all', async () => {
  assert.is(labelIndex(animals, 'dog'), 1);
  await rejects(
    () => labelIndex(animals, 'dgo'),
    'label_unknown',
    /no class 'dgo'. Did you mean 'dog'\? Known: cat, dog, eel/,
  );
  await rejects(() => labelIndex(faces, 'Smilng'), 'label_unknown', /no attribute 'Smilng'. Did you mean 'Smiling'/);
});

test('labels asked of images without any are refused, with the remedy', async () => {
  const dataset = await openImageFolder(temporaryFolder({ 'a.png': await uniformPng(2, 2, [9]) }), {
    size: [2, 2],
    channels: 1,
  });
  await rejects(
    () => expectLabels(dataset, 'a conditional GAN'),
    'data_unlabelled',
    /a conditional GAN needs labels, but these images have none; .* --labels FILE/,
  );
  assert.is(expectLabels({ name: 'x', labels: faces }, 'a test'), faces);
});

test('packed data sets have the classes of their files', async () => {
  const digits = await openDataset(`mnist:${temporaryFolder(idxFolder(12, 4, 4))}`);
  assert.equal(countLabels(expectLabels(digits, 'a test')), [2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  const things = await openDataset(`cifar10:${temporaryFolder(cifar10Folder(2))}`);
  assert.is(things.labels?.names[2], 'bird');
  assert.equal(imagesWithLabel(expectLabels(things, 'a test'), 2, 9), [2]);
});

test('an IDX folder without a name has as many classes as its labels need', async () => {
  const dataset = await openDataset(temporaryFolder(idxFolder(4, 2, 2)));
  assert.equal(dataset.labels?.names, ['0', '1', '2', '3']);
});

/** Ten images of one pixel, whose value tells the image; attributes: the lowest two bits of its number. */
function numbered(kind: Labels['kind']): Dataset {
  const numbers = Array.from({ length: 10 }, (_, n) => n);
  const labels: Labels =
    kind === 'classes'
      ? { kind, names: ['a', 'b', 'c'], values: Int32Array.from(numbers, (n) => n % 3) }
      : { kind, names: ['odd', 'two'], values: Int32Array.from(numbers.flatMap((n) => [n & 1, (n >> 1) & 1])) };
  return {
    name: 'numbered',
    count: 10,
    size: [1, 1],
    channels: 1,
    labels,
    skipped: [],
    fingerprint: 'x',
    read: (index, into, offset) => into.fill(index / 10, offset, offset + 1) && undefined,
  };
}

async function takeBatches(dataset: Dataset, count: number, position?: LoaderPosition): Promise<Batch[]> {
  const loader = createLoader(dataset, { batch: 3, seed: 4, position });
  const batches: Batch[] = [];
  while (batches.length < count) batches.push(await loader.next());
  await loader.close();
  return batches;
}

const expectedLabels = {
  classes: (n: number) => [n % 3],
  attributes: (n: number) => [n & 1, (n >> 1) & 1],
};

test('labels stay in step with shuffled images through prefetching and changes of the images', async () => {
  for (const kind of ['classes', 'attributes'] as const) {
    const changed = augmented(numbered(kind), { ...NO_AUGMENTATION, flip: true }, 1);
    for (const { images, labels } of await takeBatches(changed, 7)) {
      const numbers = Array.from(images, (value) => Math.round(value * 10));
      assert.equal([...(labels ?? [])], numbers.flatMap(expectedLabels[kind]), kind);
    }
  }
});

test('a loader that is taken up again gives the labels that an unbroken one gives', async () => {
  const unbroken = await takeBatches(numbered('attributes'), 6);
  const before = await takeBatches(numbered('attributes'), 2);
  const after = await takeBatches(numbered('attributes'), 4, before.at(-1)?.after);
  assert.equal(
    [...before, ...after].map(({ labels }) => [...(labels ?? [])]),
    unbroken.map(({ labels }) => [...(labels ?? [])]),
  );
});

test('arrays that were given back hold the labels of the next batch', async () => {
  const loader = createLoader(numbered('attributes'), { batch: 5, seed: 1, ahead: 1 });
  for (let i = 0; i < 4; i++) {
    const batch = await loader.next();
    assert.equal([...(batch.labels ?? [])], [...batch.indices].flatMap(expectedLabels.attributes));
    batch.release();
  }
  await loader.close();
});

test('labels of a file that changed are other data, to a run that is taken up again', async () => {
  const png = await uniformPng(2, 2, [9]);
  const folder = temporaryFolder({ 'a.png': png, 'b.png': png, 'labels.csv': 'a.png,cat\nb.png,dog\n' });
  const open = () => openDataset(folder, { size: 2, labels: 'labels.csv' });
  const [{ after } = {}] = await (async () => {
    const loader = createLoader(await open(), { batch: 1, seed: 1 });
    const batch = await loader.next();
    await loader.close();
    return [batch];
  })();
  addFiles(folder, { 'labels.csv': 'a.png,dog\nb.png,cat\n' });
  const changed = await open();
  await rejects(() => createLoader(changed, { batch: 1, seed: 1, position: after }), 'data_changed');
});

test.run();
