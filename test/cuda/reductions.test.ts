import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Expression } from '../../src/tensor/operators.ts';
import { call, ELEMENTS, type Extent, expectStatistics, SEVERAL, SIZE } from '../binding/statistics.ts';
import { applyOp, numbers } from '../binding/support.ts';
import { closeDevices, expectAgreement, inputs, kernels } from './support.ts';

const EXTENTS: readonly [why: string, extent: Extent][] = [
  ['one element', [1, 1, 1]],
  ['rows of four threads', [37, 5, 1]],
  ['rows of a warp', [70, 1001, 1]],
  ['rows of a block', [3, 3000, 1]],
  ['rows split among blocks', [2, 20001, 1]],
  ['three channels, folded', [1, 2000, 3]],
  ['three channels, folded and split', [1, 9001, 3]],
  ['several folds of columns', [2, 300, 5]],
  ['channels in 16-byte accesses', [1, 4096, 16]],
  ['channels split among blocks', [1, 1000, 128]],
  ['a tile of columns and a bit', [3, 70, 130]],
  ['columns that fill no 16 bytes', [3, 20, 257]],
  ['nothing to reduce', [5, 1, 6]],
];

/** Expressions under the sum: the compiled ones, and others. */
const EXPRESSIONS: Record<string, Expression> = {
  elements: ELEMENTS,
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

/** Expressions under the moments: the compiled ones, and another. */
const OF_MOMENTS: Record<string, Expression> = {
  elements: ELEMENTS,
  'sums with a bias': { access: ['full', 'channel'], instructions: [call('add', 0, 1)] },
  'an interpreted expression': EXPRESSIONS['an interpreted expression'] as Expression,
};

for (const [why, extent] of EXTENTS) {
  test(`several sums at once: ${why}`, async () => {
    for (const { expression, values } of Object.values(SEVERAL)) {
      await expectStatistics(kernels, 'reduceSums', { expression, values, factor: 0.75, extent }, values.length);
    }
  });

  test(`moments: ${why}`, async () => {
    for (const expression of Object.values(OF_MOMENTS))
      await expectStatistics(kernels, 'reduceMoments', { expression, extent }, 2);
  });
}

test('moments of numbers far from zero, the first of them an outlier, keep their digits', async () => {
  for (const extent of [
    [2, 20001, 1],
    [1, 5000, 8],
  ] as const) {
    const data = numbers([extent[0] * extent[1] * extent[2]]).data.map((x, i) => (i < 16 ? -3000 : 1000 + x));
    await expectStatistics(kernels, 'reduceMoments', { expression: ELEMENTS, extent }, 2, [data]);
  }
});

test('moments of NaN are NaN', async () => {
  const data = numbers([300]).data;
  data[170] = Number.NaN;
  const attributes = { expression: ELEMENTS, extent: [1, 300, 1] } as const;
  const result = await applyOp(kernels, 'reduceMoments', attributes, [{ shape: [300], data }], [2]);
  assert.ok(result.every(Number.isNaN));
});

test('a register that the expression does not have is refused', async () => {
  const attributes = { expression: ELEMENTS, values: [0, 1], factor: 1, extent: [1, 300, 1] } as const;
  const message = await applyOp(kernels, 'reduceSums', attributes, [numbers([300])], [2]).catch(String);
  assert.match(String(message), /values must be some of 1 registers, but is \[0,1\]/);
});

test('a sum whose terms nearly cancel keeps its digits', async () => {
  const size = 50000;
  const half = numbers([size / 2]).data.map((x) => x * 1000);
  const data = Float32Array.of(...half, ...half.map((x) => -x).reverse());
  data[size / 2] = 0.5;
  const exact = data.reduce((sum, x) => sum + x, 0);
  const attributes = { expression: ELEMENTS, kind: 'sum', extent: [1, size, 1] } as const;
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
    { expression: ELEMENTS, kind: 'max', extent },
    [{ shape: [300], data }],
    [],
  );
  assert.ok(Number.isNaN(maximum));
  data[170] = Number.POSITIVE_INFINITY;
  const [sum] = await applyOp(
    kernels,
    'reduce',
    { expression: ELEMENTS, kind: 'sum', extent },
    [{ shape: [300], data }],
    [],
  );
  assert.is(sum, Number.POSITIVE_INFINITY);
});

test.after(closeDevices);
test.run();
