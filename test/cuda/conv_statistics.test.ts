import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot, StoredType } from '../../src/graph/program.ts';
import type { Expression } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import { addon, largestError } from '../binding/support.ts';
import { expression } from './expression.ts';
import { Example, type Product, stepsOfKernels } from './products.ts';
import { closeDevices, kernels } from './support.ts';

// A product takes the statistics behind it along: its result must not change by a bit, and the statistics by no more than the order of
// additions explains.

const same = { stride: [1, 1], padding: [1, 1, 1, 1] } as const;
const halved = { stride: [2, 2], padding: [1, 2, 1, 2] } as const;
const plain = { transposeA: false, transposeB: false } as const;

const product = (op: Product['op'], attributes: Product['attributes'], inputs: Shape[], shape: Shape): Product => ({
  op,
  attributes,
  inputs,
  shape,
});

/** A product and the channels that its statistics are of, the columns if there is no number. */
const PRODUCTS: Record<string, readonly [Product, channels?: number]> = {
  'a convolution': [
    product(
      'conv2d',
      same,
      [
        [3, 14, 10, 8],
        [68, 3, 3, 8],
      ],
      [3, 14, 10, 68],
    ),
  ],
  'a convolution in large tiles': [
    product(
      'conv2d',
      halved,
      [
        [2, 32, 32, 4],
        [128, 5, 5, 4],
      ],
      [2, 16, 16, 128],
    ),
  ],
  'a convolution of odd sizes': [
    product(
      'conv2d',
      same,
      [
        [3, 9, 7, 5],
        [19, 3, 3, 5],
      ],
      [3, 9, 7, 19],
    ),
  ],
  'a transposed convolution in four phases': [
    product(
      'conv2dInputGradient',
      { ...halved, inputSize: [18, 14] },
      [
        [2, 9, 7, 8],
        [8, 5, 5, 12],
      ],
      [2, 18, 14, 12],
    ),
  ],
  'a transposed convolution in phases of unequal size': [
    product(
      'conv2dInputGradient',
      { stride: [2, 2], padding: [2, 2, 2, 2], inputSize: [17, 13] },
      [
        [3, 9, 7, 4],
        [4, 5, 5, 7],
      ],
      [3, 17, 13, 7],
    ),
  ],
  'a transposed convolution to an image': [
    product(
      'conv2dInputGradient',
      { ...halved, inputSize: [18, 14] },
      [
        [2, 9, 7, 8],
        [8, 5, 5, 3],
      ],
      [2, 18, 14, 3],
    ),
  ],
  'a matrix product': [
    product(
      'matmul',
      plain,
      [
        [300, 40],
        [40, 140],
      ],
      [300, 140],
    ),
  ],
  'a matrix product of one tile': [
    product(
      'matmul',
      plain,
      [
        [5, 40],
        [40, 8],
      ],
      [5, 8],
    ),
  ],
  'a matrix product with a transposed factor': [
    product(
      'matmul',
      { transposeA: false, transposeB: true },
      [
        [130, 24],
        [68, 24],
      ],
      [130, 68],
    ),
  ],
  'a matrix product whose columns are pixels of images': [
    product(
      'matmul',
      plain,
      [
        [70, 40],
        [40, 180],
      ],
      [70, 180],
    ),
    12,
  ],
  'a split reduction': [
    product(
      'matmul',
      plain,
      [
        [6, 2048],
        [2048, 12],
      ],
      [6, 12],
    ),
  ],
  'a split reduction of odd size': [
    product(
      'matmul',
      plain,
      [
        [3, 2048],
        [2048, 5],
      ],
      [3, 5],
    ),
  ],
  'a split reduction of pixels of images': [
    product(
      'matmul',
      plain,
      [
        [70, 2048],
        [2048, 36],
      ],
      [70, 36],
    ),
    3,
  ],
};

type Statistic = 'reduceMoments' | 'reduceSums';

/** Statistics that products take along, which operand the product is, and the registers of sums. */
const STATISTICS: Record<string, readonly [Statistic, at: number, Expression, values?: readonly number[]]> = {
  moments: ['reduceMoments', 0, expression('f')],
  'moments behind a bias': ['reduceMoments', 0, expression('fc', 'add 0 1')],
  'sums behind relu': [
    'reduceSums',
    0,
    expression('fffcc', 'step 1', 'mul 0 5', 'sub 2 3', 'mul 7 4', 'mul 6 8'),
    [6, 9],
  ],
  'sums behind leakyRelu': [
    'reduceSums',
    1,
    expression('fffcc', 'constant = 0.2', 'mul 5 1', 'select 0 1 6', 'sub 2 3', 'mul 8 4', 'mul 7 9'),
    [7, 10],
  ],
};

interface Taken {
  readonly example: Example;
  readonly result: Slot;
  readonly statistics: Slot;
}

/** A product and its statistics, right behind it or `apart`, behind something else; whole tensors are `stored` so. */
function taken(
  [made, channels]: readonly [Product, number?],
  what: string,
  { apart = false, stored = 'float32' }: { apart?: boolean; stored?: StoredType } = {},
): Taken {
  const [op, at, expressed, values] = STATISTICS[what] as (typeof STATISTICS)[string];
  const example = new Example();
  const inner = channels ?? (made.shape.at(-1) as number);
  const extent = [1, elements(made.shape) / inner, inner] as const;
  // A bias is of whole rows of the product, what comes of a norm of its channels.
  const channelsOf = op === 'reduceMoments' ? (made.shape.at(-1) as number) : inner;
  const beside = expressed.access.map((each, i) => {
    if (i === at) return undefined;
    return each === 'channel' ? example.feed([channelsOf]) : example.operand(made.shape, stored);
  });
  const result = example.product(made, stored);
  const operands = beside.map((slot) => slot ?? result);
  const attributes = values
    ? { expression: expressed, extent, values, factor: 0.5 }
    : { expression: expressed, extent };
  if (apart) example.sketch.step('elementwise', { expression: expression('f', 'neg 0') }, [example.feed([1])], [1]);
  const statistics = example.sketch.step(op, attributes as never, operands, [2, inner]);
  return { example, result, statistics };
}

const runBoth = ({ example, result, statistics }: Taken, device: NativeDevice): Promise<Float32Array[]> =>
  example.run(device, result, statistics);

/** A few units in the last place of the largest. */
const ROUNDING = 1e-6;

const inBfloat16 = addon.openDevice(process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt', {
  threads: 0,
  precision: 'bfloat16',
});

for (const [name, made] of Object.entries(PRODUCTS)) {
  for (const [stored, precision, device] of [
    ['float32', 'float32', kernels],
    ['bfloat16', 'bfloat16', inBfloat16],
  ] as const) {
    test(`${name} kept as ${stored} takes any statistics as if they followed it`, async () => {
      for (const what of Object.keys(STATISTICS)) {
        const joined = taken(made, what, { stored });
        assert.equal(stepsOfKernels(joined.example.sketch, precision).slice(-1), [2], what);
        const apart = taken(made, what, { stored, apart: true });
        assert.equal(stepsOfKernels(apart.example.sketch, precision).slice(-3), [1, 1, 1], what);
        const [actual, expected] = [await runBoth(joined, device), await runBoth(apart, device)];
        assert.equal(actual[0], expected[0], what);
        const error = largestError(actual[1] as Float32Array, expected[1] as Float32Array);
        assert.ok(error < ROUNDING, `${what}: off by ${error}`);
      }
    });
  }
}

test('statistics are the same in whatever order threads run, in every precision', async () => {
  const made = PRODUCTS['a transposed convolution in phases of unequal size'] as readonly [Product];
  for (const precision of ['float32', 'tf32', 'bfloat16']) {
    const results: Float32Array[][] = [];
    for (const seed of ['1', '2', '3']) {
      process.env.GANNET_SIMT_SEED = seed;
      const device = addon.openDevice('simt', { threads: 0, precision });
      results.push(await runBoth(taken(made, 'moments'), device));
      device.close();
    }
    delete process.env.GANNET_SIMT_SEED;
    for (const result of results) assert.equal(result, results[0], precision);
  }
});

/** The mean and the variance of each column of [rows, columns], in double precision. */
function momentsOfColumns(data: Float32Array, columns: number): number[] {
  const columnOf = (column: number) => [...data.filter((_, i) => i % columns === column)];
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const all = Array.from({ length: columns }, (_, column) => columnOf(column));
  const means = all.map(mean);
  return [...means, ...all.map((column, i) => mean(column.map((each) => (each - (means[i] as number)) ** 2)))];
}

for (const [what, rows, reduction] of [
  ['one product', 300, 4],
  ['a split product', 20, 2048],
] as const) {
  test(`no deviation is lost beside a mean a hundred thousand times as large, in ${what}`, async () => {
    const made = taken(
      [
        product(
          'matmul',
          plain,
          [
            [rows, reduction],
            [reduction, 12],
          ],
          [rows, 12],
        ),
      ],
      'moments',
    );
    const [a, b] = made.example.feeds as [Float32Array, Float32Array];
    // Row i of the result is 1000 and a hundredth of what the other factors give.
    a.forEach((each, i) => {
      a[i] = i % reduction === 0 ? 1 : 0.01 * each;
    });
    b.fill(1000, 0, 12);
    const [result, statistics] = (await runBoth(made, kernels)) as [Float32Array, Float32Array];
    const expected = momentsOfColumns(result, 12);
    assert.ok(largestError(statistics.subarray(0, 12), expected.slice(0, 12)) < ROUNDING);
    const error = largestError(statistics.subarray(12), expected.slice(12));
    assert.ok(error < 5e-3, `variances off by ${error}`);
  });
}

test('statistics of anything but the channels, and unknown ones, stay by themselves', () => {
  const made = product(
    'matmul',
    plain,
    [
      [6, 8],
      [8, 12],
    ],
    [6, 12],
  );
  const behind = (expressed: Expression, extent: readonly [number, number, number], shape: Shape): Example => {
    const example = new Example();
    const result = example.product(made);
    example.sketch.step('reduceMoments', { expression: expressed, extent }, [result], shape);
    return example;
  };
  assert.equal(stepsOfKernels(behind(expression('f'), [1, 6, 12], [2, 12]).sketch), [2]);
  assert.equal(stepsOfKernels(behind(expression('f'), [6, 12, 1], [2, 6]).sketch), [1, 1]);
  assert.equal(stepsOfKernels(behind(expression('f'), [1, 72, 1], [2, 1]).sketch), [1, 1]);
  assert.equal(stepsOfKernels(behind(expression('f', 'exp 0'), [1, 6, 12], [2, 12]).sketch), [1, 1]);
  const whole = taken(
    [
      product(
        'conv2dFilterGradient',
        { ...same, filterSize: [3, 3] },
        [
          [2, 8, 8, 4],
          [2, 8, 8, 12],
        ],
        [12, 3, 3, 4],
      ),
    ],
    'moments',
  );
  assert.equal(stepsOfKernels(whole.example.sketch), [1, 1]);
});

test.after(() => {
  closeDevices();
  inBfloat16.close();
});
test.run();
