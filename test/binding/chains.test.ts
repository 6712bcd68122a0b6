import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Instruction } from '../../src/tensor/operators.ts';
import { addon, applyOp, largestError, numbers } from './support.ts';

// The CPU device runs a sum, difference, product or rectifier whose result only the next one reads in one loop with that one, up to eight of
// them.

const device = addon.openDevice('cpu', { threads: 1 });

type Arithmetic = 'add' | 'sub' | 'mul';

const value: Record<Arithmetic, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
};
const ARITHMETIC = Object.keys(value) as Arithmetic[];

/** A function of what came before and of an operand, in either order. */
interface Link {
  readonly fn: Arithmetic;
  readonly swapped: boolean;
}

const LINKS: readonly Link[] = ARITHMETIC.flatMap((fn) => [
  { fn, swapped: false },
  { fn, swapped: true },
]);

const COUNT = 700;
const operands = Array.from({ length: 18 }, (_, seed) => numbers([COUNT], seed + 1));
const at = (operand: number, i: number) => operands[operand]?.data[i] as number;

/** Links from operand 0 on, each with the next operand. */
async function expectChain(links: readonly Link[]): Promise<void> {
  const used = operands.slice(0, links.length + 1);
  const instructions: Instruction[] = links.map(({ fn, swapped }, i) => {
    const before = i === 0 ? 0 : used.length + i - 1;
    return { fn, args: swapped ? [i + 1, before] : [before, i + 1] };
  });
  const expression = { access: used.map(() => 'full' as const), instructions };
  const actual = await applyOp(device, 'elementwise', { expression }, used, [COUNT]);
  const expected = Array.from({ length: COUNT }, (_, i) =>
    links.reduce(
      (result, { fn, swapped }, link) => {
        const other = at(link + 1, i);
        return swapped ? value[fn](other, result) : value[fn](result, other);
      },
      at(0, i),
    ),
  );
  const error = largestError(actual, expected);
  assert.ok(error < 3e-7, `${links.map(({ fn, swapped }) => `${fn}${swapped ? ' swapped' : ''}`)} is off by ${error}`);
}

test('chains of two', async () => {
  for (const first of LINKS) for (const second of LINKS) await expectChain([first, second]);
});

test('chains of three', async () => {
  for (const first of LINKS)
    for (const second of LINKS) for (const third of LINKS) await expectChain([first, second, third]);
});

test('more links than a loop has', async () => {
  for (const length of [7, 8, 9, 17]) {
    await expectChain(Array.from({ length }, (_, i) => LINKS[(i * 5 + length) % LINKS.length] as Link));
  }
});

/** How operands are read: by sample, one sample ends within a block of 512 elements, the other ones fill blocks. */
const SAMPLES = 2;
const LENGTHS = [700, 1024, 64, 1];

for (const length of LENGTHS) {
  test(`operands for a sample of ${length} elements, for channels and for all`, async () => {
    const total = SAMPLES * length;
    const x = numbers([SAMPLES, length], 1);
    const [mean, scale] = [numbers([SAMPLES], 2), numbers([SAMPLES], 3)];
    const [gain, all] = [numbers([length], 4), numbers([], 5)];
    const expression = {
      access: ['full', 'sample', 'sample', 'channel', 'scalar'] as const,
      instructions: [
        { fn: 'sub', args: [0, 1] },
        { fn: 'mul', args: [2, 5] },
        { fn: 'leakyRelu', args: [6], value: 0.2 },
        { fn: 'mul', args: [7, 3] },
        { fn: 'sub', args: [4, 8] },
      ] as const,
    };
    const actual = await applyOp(device, 'elementwise', { expression }, [x, mean, scale, gain, all], [SAMPLES, length]);
    const expected = Array.from({ length: total }, (_, i) => {
      const [sample, channel] = [Math.floor(i / length), i % length];
      const of = (operand: { data: ArrayLike<number> }, index: number) => operand.data[index] as number;
      const scaled = (of(x, i) - of(mean, sample)) * of(scale, sample);
      return of(all, 0) - (scaled > 0 ? scaled : 0.2 * scaled) * of(gain, channel);
    });
    assert.ok(largestError(actual, expected) < 3e-7);
  });
}

test('rectifiers within a chain let NaN through and infinities pass', async () => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, -3, 3];
  const x = {
    ...numbers([COUNT], 1),
    data: Float32Array.from({ length: COUNT }, (_, i) => special[i % special.length] as number),
  };
  const zero = { ...numbers([], 1), data: new Float32Array(1) };
  for (const fn of ['relu', 'leakyRelu'] as const) {
    const instructions: Instruction[] = [
      { fn: 'add', args: [0, 1] },
      fn === 'relu' ? { fn, args: [2] } : { fn, args: [2], value: 0.5 },
    ];
    const expression = { access: ['full', 'scalar'] as const, instructions };
    const actual = await applyOp(device, 'elementwise', { expression }, [x, zero], [COUNT]);
    const below = fn === 'relu' ? 0 : 0.5;
    const expected = x.data.map((v) => (v > 0 || Number.isNaN(v) ? v : below === 0 ? 0 : below * v));
    assert.equal(Array.from(actual), Array.from(expected));
  }
});

/** An expression of operands 0, 1 and 2, and what it should be. */
const SHARED: Record<string, { instructions: Instruction[]; expected: (a: number, b: number, c: number) => number }> = {
  'a result that two read': {
    instructions: [
      { fn: 'add', args: [0, 1] },
      { fn: 'mul', args: [3, 2] },
      { fn: 'sub', args: [4, 3] },
    ],
    expected: (a, b, c) => (a + b) * c - (a + b),
  },
  'a result that one reads twice': {
    instructions: [
      { fn: 'sub', args: [0, 1] },
      { fn: 'mul', args: [3, 3] },
      { fn: 'add', args: [4, 2] },
    ],
    expected: (a, b, c) => (a - b) ** 2 + c,
  },
  'the join of two chains': {
    instructions: [
      { fn: 'sub', args: [0, 1] },
      { fn: 'mul', args: [3, 2] },
      { fn: 'add', args: [1, 2] },
      { fn: 'sub', args: [5, 4] },
    ],
    expected: (a, b, c) => b + c - (a - b) * c,
  },
  'a chain behind another function': {
    instructions: [
      { fn: 'abs', args: [0] },
      { fn: 'sub', args: [1, 3] },
      { fn: 'mul', args: [2, 4] },
    ],
    expected: (a, b, c) => c * (b - Math.abs(a)),
  },
};

for (const [what, { instructions, expected }] of Object.entries(SHARED)) {
  test(`${what} keeps its value`, async () => {
    const used = operands.slice(0, 3);
    const expression = { access: used.map(() => 'full' as const), instructions };
    const actual = await applyOp(device, 'elementwise', { expression }, used, [COUNT]);
    const exact = Array.from({ length: COUNT }, (_, i) => expected(at(0, i), at(1, i), at(2, i)));
    assert.ok(largestError(actual, exact) < 3e-7);
  });
}

test.after(() => device.close());
test.run();
