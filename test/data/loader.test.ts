import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.ts';
import { openImageFolder } from '../../src/data/folder.ts';
import { type Batch, createLoader, type Loader, type LoaderOptions } from '../../src/data/loader.ts';
import { DataError } from '../../src/errors.ts';
import { uniformPng } from './pictures.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

/** Images of two pixels: (n, -n) for image n, with class n mod 3; read in later turns if `decoded`. */
function numbers(count: number, { decoded = false, fail = -1, fingerprint = 'a' } = {}) {
  const reads: number[] = [];
  const dataset: Dataset = {
    name: 'numbers',
    count,
    size: [1, 2],
    channels: 1,
    labels: { kind: 'classes', names: ['a', 'b', 'c'], values: Int32Array.from({ length: count }, (_, n) => n % 3) },
    skipped: [],
    fingerprint,
    read(index, into, offset) {
      reads.push(index);
      const write = () => {
        if (index === fail) throw new DataError('data_changed', `image ${index} is gone`);
        into.set([index, -index], offset);
      };
      // The even images arrive a turn later than the odd ones, so that they end out of order.
      return decoded
        ? new Promise<void>((resolve) => setImmediate(resolve)).then(index % 2 ? write : async () => write())
        : write();
    },
  };
  return { dataset, reads };
}

async function take(loader: Loader, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) batches.push(await loader.next());
  return batches;
}

const shown = (batches: readonly Batch[]) =>
  batches.map(({ images, labels, epoch, after }) => ({
    images: [...images],
    labels: [...(labels ?? [])],
    epoch,
    after,
  }));

async function takeFrom(dataset: Dataset, options: LoaderOptions, count: number) {
  const loader = createLoader(dataset, options);
  const batches = await take(loader, count);
  await loader.close();
  return batches;
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

test('the event loop has its turns within a large batch', async () => {
  const { dataset, reads } = numbers(16);
  const readsPerTurn: number[] = [];
  let counting = true;
  const count = () => {
    readsPerTurn.push(reads.length);
    if (counting) setImmediate(count);
  };
  const loader = createLoader({ ...dataset, size: [200, 100] }, { batch: 16, seed: 1, ahead: 1 });
  setImmediate(count);
  await loader.next();
  counting = false;
  await loader.close();
  assert.ok(readsPerTurn.includes(5) && readsPerTurn.includes(10), `${readsPerTurn}`);
});

test('an epoch visits every image once, each epoch in an order of its own', async () => {
  const batches = await takeFrom(numbers(12).dataset, { batch: 4, seed: 1 }, 6);
  assert.equal(
    batches.map(({ epoch }) => epoch),
    [0, 0, 0, 1, 1, 1],
  );
  const orders = [batches.slice(0, 3), batches.slice(3)].map((epoch) => epoch.flatMap(({ indices }) => [...indices]));
  for (const order of orders)
    assert.equal(
      [...order].sort((a, b) => a - b),
      [...Array(12).keys()],
    );
  assert.is.not(orders[0]?.join(), orders[1]?.join());
  assert.is.not(orders[0]?.join(), [...Array(12).keys()].join());
});

test('images and labels belong to their indices, also where decoding ends out of order', async () => {
  for (const decoded of [false, true]) {
    for (const { images, labels, indices } of await takeFrom(
      numbers(9, { decoded }).dataset,
      { batch: 3, seed: 5 },
      4,
    )) {
      assert.equal(
        [...images],
        [...indices].flatMap((n) => [n, -n]),
      );
      assert.equal(
        [...(labels ?? [])],
        [...indices].map((n) => n % 3),
      );
    }
  }
});

test('what does not fill a batch at the end of an epoch is left out', async () => {
  const batches = await takeFrom(numbers(10).dataset, { batch: 4, seed: 0, shuffle: false }, 3);
  assert.equal(
    batches.map(({ indices }) => [...indices]),
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
    ],
  );
  assert.is(createLoader(numbers(10).dataset, { batch: 4, seed: 0 }).batchesPerEpoch, 2);
});

test('one seed gives one stream, whatever is decoded ahead; another seed another', async () => {
  const stream = async (options: Partial<LoaderOptions>, decoded = false) =>
    JSON.stringify(shown(await takeFrom(numbers(11, { decoded }).dataset, { batch: 3, seed: 7, ...options }, 9)));
  const first = await stream({});
  assert.is(await stream({ ahead: 1 }), first);
  assert.is(await stream({ ahead: 6 }, true), first);
  assert.is.not(await stream({ seed: 8 }), first);
});

test('a loader goes on where another stood, at every position, across epochs', async () => {
  const { dataset } = numbers(11);
  const unbroken = shown(await takeFrom(dataset, { batch: 3, seed: 7 }, 10));
  for (let taken = 0; taken < 10; taken++) {
    const loader = createLoader(dataset, { batch: 3, seed: 7, ahead: 3 });
    await take(loader, taken);
    await turns(3);
    const position = JSON.parse(JSON.stringify(loader.position));
    const rest = await takeFrom(dataset, { batch: 3, seed: 7, position }, 10 - taken);
    assert.equal(shown(rest), unbroken.slice(taken));
    await loader.close();
  }
});

test('the position is that after the last batch taken, and each batch carries its own', async () => {
  const loader = createLoader(numbers(10).dataset, { batch: 4, seed: 0, ahead: 4 });
  assert.equal(loader.position, { epoch: 0, index: 0, count: 10, fingerprint: 'a' });
  await turns(5);
  assert.is(loader.position.index, 0);
  const [first, second, third] = await take(loader, 3);
  assert.equal([first?.after.index, second?.after.index], [4, 8]);
  assert.equal(third?.after, { epoch: 1, index: 4, count: 10, fingerprint: 'a' });
  assert.equal(loader.position, third?.after);
  await loader.close();
});

test('a position of other data is refused', async () => {
  const position = { epoch: 0, index: 4, count: 10, fingerprint: 'a' };
  const open = (dataset: Dataset) => createLoader(dataset, { batch: 4, seed: 0, position });
  await rejects(() => open(numbers(9).dataset), 'data_changed', /10 then, 9 now/);
  await rejects(() => open(numbers(10, { fingerprint: 'b' }).dataset), 'data_changed', /other names, pixels or labels/);
});

test('as many batches as asked for are decoded ahead, and no more', async () => {
  const { dataset, reads } = numbers(40);
  const loader = createLoader(dataset, { batch: 4, seed: 0, ahead: 3 });
  await turns(10);
  assert.is(reads.length, 12);
  await loader.next();
  assert.is(reads.length, 12, 'the taker comes first');
  await turns(10);
  assert.is(reads.length, 16);
  await loader.close();
});

test('calls of next that wait are served in order', async () => {
  const loader = createLoader(numbers(40, { decoded: true }).dataset, { batch: 4, seed: 0, shuffle: false, ahead: 1 });
  const batches = await Promise.all([1, 2, 3, 4].map(() => loader.next()));
  assert.equal(
    batches.map(({ indices }) => indices[0]),
    [0, 4, 8, 12],
  );
  await loader.close();
});

test('a call of next is served whenever it comes, also in the very moment in which decoding ahead ends', async () => {
  for (let moment = 0; moment < 30; moment++) {
    const { dataset } = numbers(40);
    const taken: Batch[] = [];
    let started = false;
    const takeTwo = async () => {
      for (let i = 0; i < moment; i++) await undefined;
      void loader.next().then((batch) => taken.push(batch));
      void loader.next().then((batch) => taken.push(batch));
    };
    const read: Dataset['read'] = (index, into, offset) => {
      if (!started) void takeTwo();
      started = true;
      return dataset.read(index, into, offset);
    };
    const loader = createLoader({ ...dataset, read }, { batch: 1, seed: 0, ahead: 1 });
    await turns(10);
    assert.is(taken.length, 2, `after ${moment} moments`);
    await loader.close();
  }
});

test('arrays are used again only after their release', async () => {
  const loader = createLoader(numbers(40).dataset, { batch: 4, seed: 0, shuffle: false, ahead: 1 });
  const kept = await take(loader, 5);
  assert.is(new Set(kept.map(({ images }) => images)).size, 5);
  assert.equal(
    kept.map(({ images }) => images[0]),
    [0, 4, 8, 12, 16],
  );
  kept[1]?.release();
  kept[1]?.release();
  await turns(3);
  const next = await take(loader, 3);
  assert.is(next.filter(({ images }) => images === kept[1]?.images).length, 1);
  await loader.close();
});

test('for await takes batches until it is left, and close ends it', async () => {
  const loader = createLoader(numbers(8).dataset, { batch: 4, seed: 0 });
  let count = 0;
  for await (const { epoch } of loader) {
    assert.is(epoch, Math.floor(count / 2));
    if (++count === 5) break;
  }
  await rejects(() => loader.next(), 'loader_closed');
  const other = createLoader(numbers(8, { decoded: true }).dataset, { batch: 4, seed: 0 });
  const counting = (async () => {
    let taken = 0;
    for await (const _ of other) if (++taken === 2) void other.close();
    return taken;
  })();
  assert.is(await counting, 2);
});

test('close waits for what is being decoded, rejects who waits, and nothing is read after it', async () => {
  const { dataset, reads } = numbers(40, { decoded: true });
  const loader = createLoader(dataset, { batch: 4, seed: 0 });
  const waiting = loader.next();
  await turns(1);
  const closing = loader.close();
  await rejects(() => waiting, 'loader_closed');
  await closing;
  const read = reads.length;
  await turns(10);
  assert.is(reads.length, read);
});

test('an image that cannot be read fails the batch it belongs to, those before it are given, and so does every later call', async () => {
  for (const decoded of [false, true]) {
    const { dataset, reads } = numbers(12, { decoded, fail: 5 });
    const loader = createLoader(dataset, {
      batch: 4,
      seed: 0,
      shuffle: false,
      ahead: 3,
    });
    assert.is((await loader.next()).indices[0], 0);
    await rejects(() => loader.next(), 'data_changed', /image 5/);
    const read = reads.length;
    await rejects(() => loader.next(), 'data_changed', /image 5/);
    await turns(5);
    assert.is(reads.length, read, 'nothing is tried again');
    await loader.close();
  }
});

test('a batch larger than the data is refused with both numbers and the remedy', () =>
  rejects(
    () => createLoader(numbers(5).dataset, { batch: 6, seed: 0 }),
    'batch_too_large',
    /6 images/,
    /holds 5/,
    /at most 5/,
  ));

test('options that are no sizes or seeds are refused', async () => {
  const open = (options: Partial<LoaderOptions>) => createLoader(numbers(5).dataset, { batch: 2, seed: 0, ...options });
  await rejects(() => open({ batch: 0 }), 'batch_size');
  await rejects(() => open({ batch: 1.5 }), 'batch_size', /1\.5/);
  await rejects(() => open({ seed: -1 }), 'seed', /-1/);
  await rejects(() => open({ ahead: 0 }), 'batches_ahead');
});

test('where the images are others, the files that changed last are named, the newest first', async () => {
  const picture = await uniformPng(4, 4, [1, 2, 3]);
  const folder = temporaryFolder(Object.fromEntries([...'abcdef'].map((name) => [`${name}.png`, picture])));
  const open = () => openImageFolder(folder, { size: [4, 4], channels: 3 });
  const loader = createLoader(await open(), { batch: 1, seed: 1 });
  const { position } = loader;
  await loader.close();
  addFiles(folder, { 'own/sheet.png': picture });
  const changed = await open();
  await rejects(
    () => createLoader(changed, { batch: 1, seed: 1, position }),
    'data_changed',
    /\(6 then, 7 now\), the files that changed last are own\/sheet\.png, ([a-f]\.png, ){3}[a-f]\.png; restore them/,
  );
});

test.run();
