import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { permutation, philox4x32, RandomSequence } from '../../src/data/random.ts';
import { epochOrder } from '../../src/data/shuffle.ts';

test('Philox4x32-10 answers the known vectors of its authors', () => {
  assert.equal(philox4x32([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = 0xffffffff;
  assert.equal(philox4x32([ones, ones, ones, ones], [ones, ones]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  assert.equal(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

test('a sequence depends on seed, stream and step, the high half of the seed included', () => {
  const first = (seed: number, stream: number, step: number) => new RandomSequence(seed, stream, step).next();
  const values = [first(1, 2, 3), first(2, 2, 3), first(1, 3, 3), first(1, 2, 4), first(1 + 2 ** 32, 2, 3)];
  assert.is(new Set(values).size, 5);
  assert.is(first(1, 2, 3), values[0]);
});

test('a sequence goes on past its first block of four words', () => {
  const random = new RandomSequence(7, 0, 5);
  const words = Array.from({ length: 8 }, () => random.next());
  assert.equal(words, [...philox4x32([0, 5, 0, 0], [7, 0]), ...philox4x32([1, 5, 0, 0], [7, 0])]);
});

test('below covers its range evenly', () => {
  const random = new RandomSequence(0, 0, 0);
  const counts = new Uint32Array(5);
  for (let i = 0; i < 5000; i++) {
    const value = random.below(5);
    counts[value] = (counts[value] as number) + 1;
  }
  for (const count of counts) assert.ok(count > 880 && count < 1120, `${counts}`);
});

test('a permutation holds every index once, and its first place is evenly drawn', () => {
  assert.equal(
    [...permutation(1000, new RandomSequence(3, 0, 0))].sort((a, b) => a - b),
    [...Array(1000).keys()],
  );
  const firsts = new Uint32Array(4);
  for (let step = 0; step < 4000; step++) {
    const first = permutation(4, new RandomSequence(0, 0, step))[0] as number;
    firsts[first] = (firsts[first] as number) + 1;
  }
  for (const count of firsts) assert.ok(count > 880 && count < 1120, `${firsts}`);
});

test('an epoch has an order of its own that the seed alone decides', () => {
  const order = epochOrder(11, 4, 50).join();
  assert.is(epochOrder(11, 4, 50).join(), order);
  assert.is.not(epochOrder(11, 5, 50).join(), order);
  assert.is.not(epochOrder(12, 4, 50).join(), order);
});

test.run();
