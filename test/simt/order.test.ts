import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runCase } from './build.ts';

const SEEDS = ['1', '2', '3', '17'];

for (const name of ['pipelined product', 'row statistics', 'exchanges', 'reuse', 'positions']) {
  test(`the order of the fibers changes nothing: ${name}`, () => {
    const [first, ...others] = SEEDS.map((seed) => runCase(name, { GANNET_SIMT_SEED: seed }));
    for (const other of others) assert.equal(other, first);
  });
}

test('each seed is an order of its own, and always the same one', () => {
  const orders = SEEDS.map((seed) => runCase('order of arrival', { GANNET_SIMT_SEED: seed }).join());
  assert.is(new Set(orders).size, SEEDS.length);
  assert.is(runCase('order of arrival', { GANNET_SIMT_SEED: '17' }).join(), orders.at(-1));
});

test('a pipelined tensor-core kernel multiplies matrices', () => {
  const n = 64;
  const a = (i: number) => Math.fround(Math.fround((i * 37) % 101) / 50 - 1);
  const b = (i: number) => Math.fround(Math.fround((i * 53) % 97) / 48 - 1);
  const product = runCase('pipelined product').map(Number);
  for (const [row, column] of [
    [0, 0],
    [5, 9],
    [31, 63],
    [63, 16],
  ] as const) {
    let expected = 0;
    for (let k = 0; k < n; k++) expected += a(row * n + k) * b(k * n + column);
    assert.ok(Math.abs((product[row * n + column] as number) - expected) < 2e-2, `${row}, ${column}`);
  }
});

test('reductions over a block give sum and maximum', () => {
  const rows = runCase('row statistics').map(Number);
  for (let row = 0; row < 5; row++) {
    const first = row * 700;
    assert.ok(Math.abs((rows[2 * row] as number) / ((700 * (2 * first + 699)) / 2) - 1) < 1e-6);
    assert.is(rows[2 * row + 1], first + 699);
  }
});

test('lanes exchange values as the PTX ISA says', () => {
  const values = runCase('exchanges').map(Number);
  for (let lane = 0; lane < 32; lane++) {
    const segment = lane - (lane % 8);
    const expected = [lane ^ 5, lane < 29 ? lane + 3 : lane, lane >= 3 ? lane - 3 : lane, segment + 1, 11, 1];
    assert.equal(values.slice(6 * lane, 6 * lane + 6), expected, `lane ${lane}`);
  }
});

test('threads and blocks have three dimensions, x running fastest', () => {
  const values = runCase('positions').map(Number);
  assert.equal(
    values,
    Array.from({ length: 12 * 24 }, (_, i) => Math.floor(i / 24) * 100 + (i % 24)),
  );
});

test.run();
