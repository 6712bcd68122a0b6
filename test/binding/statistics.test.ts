import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Expression } from '../../src/tensor/operators.ts';
import { call, ELEMENTS, type Extent, expectStatistics, SEVERAL } from './statistics.ts';
import { addon, applyOp, numbers } from './support.ts';

const device = addon.openDevice('cpu', { threads: 0 });

const EXTENTS: readonly [why: string, extent: Extent][] = [
  ['one element', [1, 1, 1]],
  ['short rows, several to a block', [137, 5, 1]],
  ['rows as long as a block', [3, 512, 1]],
  ['rows of a block and one element', [2, 513, 1]],
  ['a row of several pieces', [1, 70001, 1]],
  ['three channels, in several pieces', [1, 25001, 3]],
  ['an odd number of channels, a block for each row', [3, 70, 257]],
  ['more channels than a block holds', [1, 140, 1030]],
  ['a single row of channels', [1, 1, 700]],
  ['nothing to reduce', [5, 1, 6]],
];

const OF_MOMENTS: Record<string, Expression> = {
  elements: ELEMENTS,
  'sums with a bias': { access: ['full', 'channel'], instructions: [call('add', 0, 1)] },
  'an activation of differences': {
    access: ['full', 'sample'],
    instructions: [call('sub', 0, 1), call('abs', 2), call('exp', 3)],
  },
};

for (const [why, extent] of EXTENTS) {
  test(`several sums at once: ${why}`, async () => {
    for (const { expression, values } of Object.values(SEVERAL)) {
      await expectStatistics(device, 'reduceSums', { expression, values, factor: 0.75, extent }, values.length);
    }
  });

  test(`moments: ${why}`, async () => {
    for (const expression of Object.values(OF_MOMENTS))
      await expectStatistics(device, 'reduceMoments', { expression, extent }, 2);
  });
}

const FAR_FROM_ZERO: readonly [why: string, extent: Extent, outliers: number][] = [
  ['short rows', [3, 300, 1], 0],
  ['short rows, the first number an outlier', [1, 300, 1], 1],
  ['long rows, the first numbers outliers', [2, 20001, 1], 16],
  ['columns, the first row outliers', [1, 5000, 8], 8],
  ['many columns, some of the first row outliers', [1, 2000, 600], 300],
];

for (const [why, extent, outliers] of FAR_FROM_ZERO) {
  test(`moments of numbers far from zero keep their digits: ${why}`, async () => {
    const elements = extent[0] * extent[1] * extent[2];
    const data = numbers([elements]).data.map((x, i) => (i < outliers ? -3000 : 1000 + x));
    await expectStatistics(device, 'reduceMoments', { expression: ELEMENTS, extent }, 2, [data]);
  });
}

test('equal numbers have no variance, however many', async () => {
  const attributes = { expression: ELEMENTS, extent: [1, 40000, 3] } as const;
  const data = new Float32Array(120000).fill(0.1);
  const result = await applyOp(device, 'reduceMoments', attributes, [{ shape: [120000], data }], [2, 3]);
  assert.equal([...result], [...new Float32Array(3).fill(0.1), 0, 0, 0]);
});

for (const extent of [
  [1, 300, 1],
  [1, 3000, 1],
  [1, 1000, 3],
] as const) {
  test(`over [${extent}], moments and sums of NaN are NaN, in its column alone`, async () => {
    const [, reduced, inner] = extent;
    const { shape, data } = numbers([reduced * inner]);
    data[170 * inner] = Number.NaN;
    const moments = await applyOp(
      device,
      'reduceMoments',
      { expression: ELEMENTS, extent },
      [{ shape, data }],
      [2, inner],
    );
    const attributes = { expression: ELEMENTS, values: [0], factor: 1, extent };
    const sums = await applyOp(device, 'reduceSums', attributes, [{ shape, data }], [1, inner]);
    assert.equal(
      [...moments, ...sums].map(Number.isNaN),
      Array.from({ length: 3 * inner }, (_, i) => i % inner === 0),
    );
  });
}

test('no bit depends on the number of threads', async () => {
  const [one, three] = [1, 3].map((threads) => addon.openDevice('cpu', { threads })) as [typeof device, typeof device];
  for (const extent of [
    [7, 30001, 1],
    [1, 30001, 7],
    [1, 40, 5000],
  ] as const) {
    const operand = numbers([extent[0] * extent[1] * extent[2]]);
    const expression = { access: ['full'] as const, instructions: [call('mul', 0, 0)] };
    const columns = extent[0] * extent[2];
    for (const [op, attributes] of [
      ['reduceMoments', { expression, extent }],
      ['reduceSums', { expression, values: [0, 1], factor: 1, extent }],
    ] as const) {
      const [a, b] = await Promise.all(
        [one, three].map((on) => applyOp(on, op, attributes as never, [operand], [2, columns])),
      );
      assert.equal(a, b, `${op} over [${extent}]`);
    }
  }
  one.close();
  three.close();
});

test.after(() => device.close());
test.run();
