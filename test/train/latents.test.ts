import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostLatents } from '../../src/train/index.ts';

const meanOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: Float32Array): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

test('uniform latents fill [-1, 1)', () => {
  const latents = hostLatents({ size: 100, distribution: 'uniform' }, 200, 1);
  assert.is(latents.length, 20_000);
  assert.ok(latents.every((value) => value >= -1 && value < 1));
  assert.ok(Math.abs(meanOf(latents)) < 0.02);
  assert.ok(Math.abs(deviationOf(latents) - 1 / Math.sqrt(3)) < 0.01);
});

test('normal latents have mean 0 and deviation 1', () => {
  const latents = hostLatents({ size: 100, distribution: 'normal' }, 200, 1);
  assert.ok(latents.every(Number.isFinite));
  assert.ok(Math.abs(meanOf(latents)) < 0.03);
  assert.ok(Math.abs(deviationOf(latents) - 1) < 0.03);
});

test('more latents of one seed begin with the same ones; seeds and rows differ', () => {
  for (const distribution of ['uniform', 'normal'] as const) {
    const latent = { size: 8, distribution };
    const two = hostLatents(latent, 2, 5);
    assert.equal(hostLatents(latent, 9, 5).subarray(0, 16), two);
    assert.not.equal(two.subarray(0, 8), two.subarray(8));
    assert.not.equal(hostLatents(latent, 2, 6), two);
  }
});

test.run();
