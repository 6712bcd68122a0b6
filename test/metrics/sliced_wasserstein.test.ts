import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { slicedWasserstein } from '../../src/metrics/sliced_wasserstein.ts';
import { assertClose } from './fixture.ts';
import { blurred, discs, images, noisy } from './images.ts';

const options = { patches: 8, directions: 32 };
const distances = (a: ReturnType<typeof discs>, b: ReturnType<typeof discs>) =>
  slicedWasserstein(a, b, options).map(({ distance }) => distance);

test('there is a level for each side from that of the images down to 16 pixels', () => {
  const sides = (side: number) =>
    slicedWasserstein(discs(2, side, 1, 1), discs(2, side, 1, 2), options).map((level) => level.side);
  assert.equal(sides(16), [16]);
  assert.equal(sides(31), [31]);
  assert.equal(sides(64), [64, 32, 16]);
});

test('a set has no distance from itself', () => {
  const set = discs(20, 32, 3, 1);
  assert.equal(distances(set, set), [0, 0]);
});

test('it grows with noise and with blur, which the finest level sees first', () => {
  const real = discs(60, 32, 1, 1);
  const noise = [0, 8, 20, 50].map((deviation) => distances(real, noisy(discs(60, 32, 1, 2), deviation, 3)));
  const blur = [0, 1, 2].map((reach) => distances(real, blurred(discs(60, 32, 1, 2), reach)));
  for (const growing of [noise, blur]) {
    const finest = growing.map(([first]) => first as number);
    assert.equal(
      finest,
      [...finest].sort((a, b) => a - b),
    );
    assert.ok((finest.at(-1) as number) > 1.5 * (finest[0] as number), String(finest));
  }
});

test('another brightness and contrast of a whole set are no distance', () => {
  // Patches are normalised over all patches of their set.
  const real = discs(30, 16, 1, 1);
  const brighter = { ...real, pixels: real.pixels.map((value) => 20 + value / 2) };
  assert.ok((distances(real, brighter)[0] as number) < 10);
});

test('a seed gives one distance, another another', () => {
  const [a, b] = [discs(20, 16, 1, 1), discs(20, 16, 1, 2)];
  const of = (seed: number) => slicedWasserstein(a, b, { ...options, seed })[0]?.distance as number;
  assert.is(of(3), of(3));
  assert.is.not(of(3), of(4));
  assertClose(of(3), of(4), 0.5 * of(3));
});

test('sets of other numbers, sizes or channels, and images that are too small, are refused', () => {
  const set = discs(2, 16, 1, 1);
  assert.throws(() => slicedWasserstein(set, discs(3, 16, 1, 1)), /received 2 and 3/);
  assert.throws(() => slicedWasserstein(set, discs(2, 17, 1, 1)), /16x16x1, and generated ones 17x17x1/);
  assert.throws(() => slicedWasserstein(set, discs(2, 16, 3, 1)), /16x16x3/);
  const small = images(2, [8, 8], 1, () => 0);
  assert.throws(() => slicedWasserstein(small, small), /at least 16 pixels/);
});

test.run();
