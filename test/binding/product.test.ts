import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addProduct } from '../../src/device/product.ts';
import type { DeviceError } from '../../src/errors.ts';
import { addon } from './support.ts';

const numbers = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 12.9898 * i));

/** Plain loops. */
function product(a: Float64Array, b: Float64Array, depth: number): Float64Array {
  const [rows, columns] = [a.length / depth, b.length / depth];
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let d = 0; d < depth; d++) {
      sum += (a[Math.floor(at / columns) * depth + d] as number) * (b[(at % columns) * depth + d] as number);
    }
    return sum;
  });
}

// Sizes on both sides of every block and tile: 4 to 8 rows, 4 to 16 columns, blocks of 64 rows, 256 columns and 256 of the inner axis.
for (const [rows, columns, depth] of [
  [1, 1, 1],
  [3, 5, 7],
  [8, 16, 256],
  [65, 257, 300],
  [130, 20, 513],
  [2, 600, 3],
] as const) {
  test(`c + a b^T in float64 for ${rows}x${depth} and ${columns}x${depth}`, () => {
    const [a, b] = [numbers(rows * depth, 1), numbers(columns * depth, 2)];
    const c = new Float64Array(rows * columns).fill(3);
    addProduct(c, a, b, depth);
    const expected = product(a, b, depth);
    const worst = c.reduce((most, value, at) => Math.max(most, Math.abs(value - 3 - (expected[at] as number))), 0);
    assert.ok(worst < 1e-12, `off by ${worst}`);
  });
}

test('nothing is multiplied where there are no rows', () => {
  const c = new Float64Array(0);
  addProduct(c, new Float64Array(0), numbers(6, 1), 3);
  assert.is(c.length, 0);
});

test('arguments that do not fit together are refused', () => {
  const refused = (c: unknown, a: unknown, b: unknown, depth: unknown, message: RegExp) =>
    assert.throws(
      () => addProduct(c as Float64Array, a as Float64Array, b as Float64Array, depth as number),
      (error: DeviceError) => error.code === 'argument_invalid' && message.test(error.message),
    );
  const six = new Float64Array(6);
  refused(new Float64Array(4), six, six, 0, /depth must be at least 1/);
  refused(new Float64Array(4), six, six, 1.5, /depth must be an integer/);
  refused(new Float64Array(4), six, six, 4, /a has 6 numbers, which are no whole rows of 4/);
  refused(new Float64Array(5), six, six, 3, /c must have 2 x 2 numbers, but has 5/);
  refused(new Float32Array(4), six, six, 3, /c must be a Float64Array/);
  refused(new Float64Array(4), [1, 2, 3], six, 3, /a must be a Float64Array, but received an array/);
  assert.throws(() => (addon.addProduct as () => void)(), /depth must be a number, but received nothing/);
});

test.run();
