import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runCase } from './build.ts';

for (const name of ['tf32', 'bf16']) {
  test(`the ${name} fragments of a warp multiply to the product of the whole matrices`, () => {
    const elements = runCase(`${name} product`).map((line) => line.split(' ').map(Number));
    assert.is(elements.length, 16 * 8);
    for (const [product, expected] of elements) assert.is(product, expected);
    assert.ok(new Set(elements.map(([product]) => product)).size > 64);
  });
}

test('ldmatrix feeds the product, its second operand transposed on the way', () => {
  for (const line of runCase('product of loaded matrices')) {
    const [product, expected] = line.split(' ');
    assert.is(product, expected);
  }
});

test('ldmatrix gives each lane its elements', () => {
  const values = runCase('loaded matrices').map(Number);
  const element = (matrix: number, row: number, column: number) => 64 * matrix + 8 * row + column;
  for (let lane = 0; lane < 32; lane++) {
    const row = Math.floor(lane / 4);
    const column = 2 * (lane % 4);
    const straight = [0, 1, 2, 3].flatMap((m) => [element(m, row, column), element(m, row, column + 1)]);
    const transposed = [0, 1, 2, 3].flatMap((m) => [element(m, column, row), element(m, column + 1, row)]);
    const of = (part: number, count: number) => values.slice((part * 32 + lane) * 8, (part * 32 + lane) * 8 + count);
    assert.equal(of(0, 8), straight);
    assert.equal(of(1, 8), transposed);
    assert.equal(of(2, 4), straight.slice(0, 4));
  }
});

test('the tensor cores ignore what lies below the mantissa of TF32', () => {
  assert.equal(runCase('unrounded operand').map(Number), [8]);
});

test('numbers are rounded as the conversions of the hardware do', () => {
  const rows = runCase('rounding').map((line) => (line === 'inf' ? Infinity : Number(line)));
  const rounded = (i: number) => rows.slice(2 * i, 2 * i + 2);
  const tf32 = (i: number) => rounded(i)[0];
  const bf16 = (i: number) => rounded(i)[1];

  assert.is(tf32(0), 1 + 2 ** -10, 'ties away from zero');
  assert.is(tf32(1), -1 - 2 ** -10, 'ties away from zero, negative');
  assert.is(bf16(2), 1, 'a tie to the even neighbour below');
  assert.is(bf16(3), 1 + 2 ** -6, 'a tie to the even neighbour above');
  assert.equal(rounded(4), [Infinity, Infinity]);
});

test('a NaN survives the rounding to TF32 if a kernel has written it, and other numbers are written as they are', () => {
  assert.equal(runCase('not a number'), ['-0', 'nan', 'nan', '-1.5', 'inf']);
});

test.run();
