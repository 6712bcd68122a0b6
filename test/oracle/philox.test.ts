import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { normalNumbers, philox4x32, uniformNumbers } from '../../src/oracle/philox.ts';

const hex = (words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

test('philox4x32 gives the known answers of its authors', () => {
  const ones = 0xffffffff;
  assert.is(hex(philox4x32([0, 0], [0, 0, 0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.is(hex(philox4x32([ones, ones], [ones, ones, ones, ones])), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = philox4x32([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]);
  assert.is(hex(pi), 'd16cfe09 94fdcceb 5001e420 24126ea1');
});

test('uniform and normal numbers are made of the words as documented', () => {
  const source = { seed: 0, step: 0, stream: 0 };
  const fractions = [0x6627e8, 0xe169c5, 0xbc57ac, 0x9b00db].map((bits) => bits / 2 ** 24);
  assert.equal([...uniformNumbers(source, 4)], fractions);
  const expected = [0.991137475145897, -0.924662780354433, -0.617609054984854];
  normalNumbers(source, 3).forEach((z, i) => {
    assert.ok(Math.abs(z - (expected[i] as number)) < 1e-12, `${z} instead of ${expected[i]}`);
  });
});

test('an element does not depend on how many others are drawn', () => {
  const source = { seed: 7, step: 3, stream: 1 };
  assert.equal(uniformNumbers(source, 5), uniformNumbers(source, 100).slice(0, 5));
  assert.equal(normalNumbers(source, 5), normalNumbers(source, 100).slice(0, 5));
});

test('seed, step and stream each give other numbers', () => {
  const source = { seed: 7, step: 3, stream: 1 };
  const first = (changed: object) => uniformNumbers({ ...source, ...changed }, 1)[0];
  assert.is(new Set([{}, { seed: 8 }, { step: 4 }, { stream: 2 }].map(first)).size, 4);
});

test('uniform numbers fill [0, 1) evenly and are exact in float32', () => {
  const numbers = uniformNumbers({ seed: 1, step: 0, stream: 0 }, 20_000);
  assert.equal(numbers, Float64Array.from(numbers, Math.fround));
  assert.ok(numbers.every((u) => u >= 0 && u < 1));
  const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((u) => Math.floor(u * 10) === i).length);
  assert.ok(
    tenths.every((count) => Math.abs(count - 2000) < 200),
    `${tenths}`,
  );
});

test('normal numbers have mean 0, variance 1 and the fourth moment 3', () => {
  const numbers = normalNumbers({ seed: 1, step: 0, stream: 0 }, 20_000);
  const moment = (power: number) => numbers.reduce((sum, z) => sum + z ** power, 0) / numbers.length;
  assert.ok(Math.abs(moment(1)) < 0.03, `${moment(1)}`);
  assert.ok(Math.abs(moment(2) - 1) < 0.05, `${moment(2)}`);
  assert.ok(Math.abs(moment(4) - 3) < 0.3, `${moment(4)}`);
});

test.run();
