import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, quantile, spreadOf } from '../../src/bench/statistics.ts';

test('quartiles lie between the sorted values, interpolated', () => {
  assert.equal(spreadOf([4, 1, 3, 2]), { median: 2.5, lower: 1.75, upper: 3.25 });
  assert.equal(spreadOf([9, 1, 5]), { median: 5, lower: 3, upper: 7 });
  assert.equal(spreadOf([7]), { median: 7, lower: 7, upper: 7 });
  assert.is(quantile([10, 20, 30, 40, 50], 0.99), 49.6);
});

test('a ratio is taken round by round, so that a disturbed round disturbs both', () => {
  const ratio = compare([10, 100, 20], [20, 200, 40]);
  assert.equal(ratio, { median: 2, lower: 2, upper: 2, told: true });
});

test('a ratio is told where 1 lies outside its quartiles, on either side', () => {
  assert.ok(compare([10, 10, 10, 10, 10], [9, 11, 12, 13, 14]).told);
  assert.ok(compare([10, 10, 10, 10, 10], [11, 9, 8, 7, 6]).told);
});

test('a ratio whose spread is larger than the difference is refused', () => {
  assert.not(compare([10, 10, 10, 10, 10], [8, 9, 12, 13, 14]).told);
  assert.not(compare([10, 10, 10], [10, 10, 10]).told);
});

test('a ratio of too few rounds to have quartiles is refused', () => {
  assert.not(compare([10, 10], [30, 30]).told);
  assert.ok(compare([10, 10, 10], [30, 30, 30]).told);
});

test.run();
