import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kernelDistance } from '../../src/metrics/kernel_distance.ts';
import { assertClose, fixture } from './fixture.ts';
import { normalFeatures } from './random.ts';

test('the kernel distance of one block of all images is that of numpy', () => {
  const { mean, deviation } = kernelDistance(fixture.real, fixture.generated, { blocks: 1, blockSize: 60 });
  assertClose(mean, fixture.kernel, 1e-12 * Math.abs(fixture.kernel));
  assert.is(deviation, 0);
});

test('it is unbiased: over sets of one distribution it is 0 on average, with small blocks as with large ones', () => {
  for (const blockSize of [5, 40]) {
    const estimates = Array.from({ length: 300 }, (_, i) => {
      const [a, b] = [2 * i, 2 * i + 1].map((seed) => normalFeatures(blockSize, 4, seed));
      return kernelDistance(a as never, b as never, { blocks: 1, blockSize }).mean;
    });
    const mean = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
    const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (estimates.length - 1);
    const error = Math.sqrt(variance / estimates.length);
    assert.ok(Math.abs(mean) < 3 * error, `blocks of ${blockSize}: ${mean} with a standard error of ${error}`);
    assert.ok(
      estimates.some((value) => value < 0),
      'an unbiased estimate of 0 is below 0 at times',
    );
  }
});

test('it grows with the distance, and its blocks are those of the seed', () => {
  const real = normalFeatures(400, 6, 1);
  const distances = [0, 0.2, 0.5, 1].map((mean) => {
    const generated = normalFeatures(400, 6, 2, { mean });
    return kernelDistance(real, generated, { blocks: 10, blockSize: 100, seed: 4 }).mean;
  });
  assert.equal(
    distances,
    [...distances].sort((a, b) => a - b),
  );
  const again = (seed: number) => kernelDistance(real, normalFeatures(400, 6, 2), { blocks: 10, blockSize: 100, seed });
  assert.is(again(4).mean, distances[0]);
  assert.is.not(again(5).mean, distances[0]);
  assert.ok(again(4).deviation > 0);
});

test('blocks larger than the sets, and features of two networks, are refused', () => {
  const set = normalFeatures(50, 3, 1);
  assert.throws(() => kernelDistance(set, set), /2 to 50 images, .* received 1000/);
  assert.throws(
    () => kernelDistance(set, normalFeatures(50, 4, 1), { blockSize: 10 }),
    (error: { code: string }) => error.code === 'features_differ',
  );
});

test.run();
