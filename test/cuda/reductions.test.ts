import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Access, Expression, Instruction } from '../../src/tensor/operators.ts';
import { applyOp, numbers } from '../binding/support.ts';
import { closeDevices, expectAgreement, inputs, kernels } from './support.ts';

type Extent = readonly [outer: number, reduced: number, inner: number];

const EXTENTS: readonly [why: string, extent: Extent][] = [
  ['one element', [1, 1, 1]],
  ['rows of four threads', [37, 5, 1]],
  ['rows of a warp', [70, 1001, 1]],
  ['rows of a block', [3, 3000, 1]],
  ['rows split among blocks', [2, 20001, 1]],
  ['three channels, folded', [1, 2000, 3]],
  ['three channels, folded and split', [1, 60001, 3]],
  ['several folds of columns', [2, 300, 5]],
  ['channels in 16-byte accesses', [1, 4096, 16]],
  ['channels split among blocks', [1, 5000, 128]],
  ['a tile of columns and a bit', [3, 70, 130]],
  ['columns that fill no 16 bytes', [3, 20, 257]],
  ['nothing to reduce', [5, 1, 6]],
];

const call = (fn: Instruction['fn'], ...args: number[]): Instruction => ({ fn, args });

/** Expressions under the sum: the compiled ones, and others. */
const EXPRESSIONS: Record<string, Expression> = {
  elements: { access: ['full'], instructions: [] },
  squares: { access: ['full'], instructions: [call('mul', 0, 0)] },
  products: { access: ['full', 'full'], instructions: [call('mul', 0, 1)] },
  'squared deviations': { access: ['full', 'channel'], instructions: [call('sub', 0, 1), call('mul', 2, 2)] },
  'gradients of gains': {
    access: ['full', 'full', 'channel', 'channel'],
    instructions: [call('sub', 1, 2), call('mul', 4, 3), call('mul', 0, 5)],
  },
  'an interpreted expression': {
    access: ['full', 'sample'],
    instructions: [call('sub', 0, 1), call('abs', 2), call('exp', 3)],
  },
};

const SIZE: Record<Access, (extent: Extent) => number> = {
  full: ([outer, reduced, inner]) => outer * reduced * inner,
  channel: ([, , inner]) => inner,
  sample: ([outer]) => outer,
  scalar: () => 1,
};

for (const [why, extent] of EXTENTS) {
  test(`sums and maxima: ${why}`, async () => {
    const [outer, , inner] = extent;
    for (const [name, expression] of Object.entries(EXPRESSIONS)) {
      const operands = inputs(...expression.access.map((access) => [SIZE[access](extent)]));
      await expectAgreement('reduce', { expression, kind: 'sum', extent }, operands, [outer, inner], 1e-5);
      if (name === 'elements')
        await expectAgreement('reduce', { expression, kind: 'max', extent }, operands, [outer, inner], 0);
    }
  });
}

const elementsOf = EXPRESSIONS.elements as Expression;

test('a sum whose terms nearly cancel keeps its digits', async () => {
  const size = 50000;
  const half = numbers([size / 2]).data.map((x) => x * 1000);
  const data = Float32Array.of(...half, ...half.map((x) => -x).reverse());
  data[size / 2] = 0.5;
  const exact = data.reduce((sum, x) => sum + x, 0);
  const attributes = { expression: elementsOf, kind: 'sum', extent: [1, size, 1] } as const;
  const [sum] = await applyOp(kernels, 'reduce', attributes, [{ shape: [size], data }], []);
  // The magnitudes add up to 25 million, of which a float resolves 2.
  assert.ok(Math.abs((sum as number) - exact) < 5e-3, `${sum}, expected ${exact}`);
});

test('NaN is the greatest of all, and infinity sums to infinity', async () => {
  const data = numbers([300]).data;
  data[170] = Number.NaN;
  const extent = [1, 300, 1] as const;
  const [maximum] = await applyOp(
    kernels,
    'reduce',
    { expression: elementsOf, kind: 'max', extent },
    [{ shape: [300], data }],
    [],
  );
  assert.ok(Number.isNaN(maximum));
  data[170] = Number.POSITIVE_INFINITY;
  const [sum] = await applyOp(
    kernels,
    'reduce',
    { expression: elementsOf, kind: 'sum', extent },
    [{ shape: [300], data }],
    [],
  );
  assert.is(sum, Number.POSITIVE_INFINITY);
});

test.after(closeDevices);
test.run();
