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

test('unit latents fill [0, 1)', () => {
  const latents = hostLatents({ size: 100, distribution: 'unit' }, 200, 1);
  assert.ok(latents.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(meanOf(latents) - 0.5) < 0.01);
  assert.ok(Math.abs(deviationOf(latents) - 1 / Math.sqrt(12)) < 0.01);
});

test('representative variables stand behind the noise, each 0 or 1 with equal probability', () => {
  const latents = hostLatents({ size: 2, distribution: 'unit' }, 2000, 1, 2);
  assert.is(latents.length, 8000);
  const column = (index: number) => latents.filter((_, i) => i % 4 === index);
  for (const index of [2, 3]) {
    assert.equal([...new Set(column(index))].sort(), [0, 1]);
    assert.ok(Math.abs(meanOf(column(index)) - 0.5) < 0.05);
  }
  assert.not.equal(column(2), column(3));
  assert.equal(
    column(0).subarray(0, 5),
    hostLatents({ size: 2, distribution: 'unit' }, 5, 1).filter((_, i) => i % 2 === 0),
  );
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
