import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AugmentOptions, augmented, NO_AUGMENTATION } from '../../src/data/augment.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { shiftColours } from '../../src/data/hsv.ts';
import { createLoader } from '../../src/data/loader.ts';
import { rejects } from './rejects.ts';

/** `count` images [2,2,C] whose pixels are told apart: image i holds i / 100 + its element / 1000. */
function numbered(count: number, channels: 1 | 3 = 1): Dataset {
  const elements = 4 * channels;
  return {
    name: 'numbered',
    count,
    size: [2, 2],
    channels,
    skipped: [],
    fingerprint: 'numbered',
    read(index, into, offset) {
      for (let i = 0; i < elements; i++) into[offset + i] = index / 100 + i / 1000;
    },
  };
}

const options = (changes: Partial<AugmentOptions>): AugmentOptions => ({ ...NO_AUGMENTATION, ...changes });

/** An image of `numbered` as the order of its elements, such as '0123'. */
function order(dataset: Dataset, index: number, epoch: number): string {
  const image = new Float32Array(4);
  dataset.read(index, image, 0, epoch);
  return Array.from(image, (value) => Math.round((value - index / 100) * 1000)).join('');
}

const orders = (dataset: Dataset): string[] => Array.from({ length: 80 }, (_, index) => order(dataset, index, 0));
const shifted = (rgb: readonly number[], shift: { hue?: number; saturation?: number; value?: number }): number[] => {
  const pixels = Float32Array.from(rgb, (channel) => channel * 2 - 1);
  shiftColours(pixels, 0, rgb.length / 3, { hue: 0, saturation: 1, value: 1, ...shift });
  return Array.from(pixels, (channel) => Math.round((channel + 1) * 5000) / 10000);
};

test('colours change and opacity stays where there are four channels', () => {
  const [red, half]: [number, number] = [1, 0.25];
  const dataset: Dataset = {
    ...numbered(1),
    size: [1, 2],
    channels: 4,
    read: (_, into, offset) => into.set([red, -1, -1, half, -1, red, -1, -half], offset),
  };
  const image = new Float32Array(8);
  augmented(dataset, options({ flip: true, value: 1 }), 3).read(0, image, 0, 0);
  assert.equal([Math.abs(image[3] as number), Math.abs(image[7] as number)], [half, half]);
  assert.ok(image[0] === -1 || image[1] === -1);
  assert.ok((image[0] as number) + (image[1] as number) < 0, 'the value was scaled');
});

test('without options a data set is itself', () => {
  const dataset = numbered(1);
  assert.is(augmented(dataset, NO_AUGMENTATION, 1), dataset);
});

test('flips mirror left and right, about every other time', () => {
  const seen = orders(augmented(numbered(80), options({ flip: true }), 1));
  assert.equal([...new Set(seen)].sort(), ['0123', '1032']);
  const flips = seen.filter((pixels) => pixels === '1032').length;
  assert.ok(flips > 20 && flips < 60, `${flips} of 80`);
});

test('rotations are the four quarter turns', () => {
  const seen = new Set(orders(augmented(numbered(80), options({ rotate: true }), 1)));
  assert.equal([...seen].sort(), ['0123', '1302', '2031', '3210']);
});

test('flips and rotations together reach all eight symmetries of a square', () => {
  const seen = new Set(orders(augmented(numbered(80), options({ flip: true, rotate: true }), 1)));
  assert.is(seen.size, 8);
});

test('a change depends on seed, epoch and index', () => {
  const all = options({ flip: true, rotate: true });
  const draws = (seed: number, epoch: number) =>
    Array.from({ length: 20 }, (_, index) => order(augmented(numbered(80), all, seed), index, epoch)).join();
  assert.is(draws(1, 0), draws(1, 0));
  assert.is.not(draws(1, 0), draws(1, 1));
  assert.is.not(draws(1, 0), draws(2, 0));
  assert.is.not(draws(1, 0), draws(1 + 2 ** 32, 0));
});

test('hue turns colours: a third of a turn brings red to green, half a turn to cyan', () => {
  assert.equal(shifted([1, 0, 0], { hue: 1 / 3 }), [0, 1, 0]);
  assert.equal(shifted([1, 0, 0], { hue: 0.5 }), [0, 1, 1]);
  assert.equal(shifted([1, 0, 0], { hue: -1 / 3 }), [0, 0, 1]);
  assert.equal(shifted([0.2, 0.2, 0.6], { hue: 1 / 6 }), [0.6, 0.2, 0.6]);
  assert.equal(shifted([0.4, 0.8, 0.2], { hue: 1 / 3 }), [0.2, 0.4, 0.8]);
  assert.equal(shifted([0.4, 0.2, 0.8], { hue: 1 / 3 }), [0.8, 0.4, 0.2]);
  assert.equal(shifted([0.8, 0.2, 0.4], { hue: 1 / 3 }), [0.4, 0.8, 0.2]);
  assert.equal(shifted([0.8, 0.2, 0.5], { hue: 0 }), [0.8, 0.2, 0.5]);
});

test('saturation and value scale, and stop at 1; grey stays grey', () => {
  assert.equal(shifted([0.8, 0.4, 0.4], { saturation: 0.5 }), [0.8, 0.6, 0.6]);
  assert.equal(shifted([0.8, 0.4, 0.4], { saturation: 3 }), [0.8, 0, 0]);
  assert.equal(shifted([0.8, 0.4, 0.2], { value: 0.5 }), [0.4, 0.2, 0.1]);
  assert.equal(shifted([0.8, 0.4, 0.4], { value: 2 }), [1, 0.5, 0.5]);
  assert.equal(shifted([0.5, 0.5, 0.5, 0, 0, 0], { hue: 0.3, saturation: 2, value: 1.5 }), [0.75, 0.75, 0.75, 0, 0, 0]);
});

test('a resumed loader reads the very images of an unbroken one', async () => {
  const dataset = augmented(numbered(7, 3), { flip: true, rotate: true, hue: 0.2, saturation: 0.5, value: 0.5 }, 3);
  const unbroken = createLoader(dataset, { batch: 3, seed: 3 });
  const batches = [];
  for (let i = 0; i < 6; i++) batches.push(await unbroken.next());
  await unbroken.close();
  const resumed = createLoader(dataset, { batch: 3, seed: 3, position: batches[2]?.after });
  for (const expected of batches.slice(3)) assert.equal((await resumed.next()).images, expected.images);
  await resumed.close();
  assert.is.not(batches[0]?.epoch, batches[3]?.epoch, 'the resumed part lies in a later epoch');
});

test('the loader tells the epoch, so that each has changes of its own', async () => {
  const loader = createLoader(augmented(numbered(40), options({ flip: true }), 3), {
    batch: 40,
    seed: 3,
    shuffle: false,
  });
  const [first, second] = [await loader.next(), await loader.next()];
  assert.is.not(first.images.join(), second.images.join());
  await loader.close();
});

test('images that have to be decoded are changed alike', async () => {
  const now = numbered(9);
  const later: Dataset = { ...now, read: async (...args) => now.read(...args) };
  const [a, b] = [now, later].map((dataset) => augmented(dataset, options({ flip: true, rotate: true }), 5));
  const images = [new Float32Array(36), new Float32Array(36)] as const;
  await Promise.all(Array.from({ length: 9 }, (_, i) => a?.read(i, images[0], 4 * i, 2)));
  await Promise.all(Array.from({ length: 9 }, (_, i) => b?.read(i, images[1], 4 * i, 2)));
  assert.equal(images[0], images[1]);
});

test('what a format cannot do is refused', async () => {
  await rejects(() => augmented(numbered(1), options({ hue: 0.1 }), 1), 'augment_grey', /numbered/);
  const oblong: Dataset = { ...numbered(1), size: [2, 3] };
  await rejects(() => augmented(oblong, options({ rotate: true }), 1), 'augment_not_square', /3x2/);
});

test.run();
