import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot, StoredType } from '../../src/graph/program.ts';
import type { Expression, OpAttributes } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import { addon, largestError } from '../binding/support.ts';
import { expression } from './expression.ts';
import { Example, type Product, stepsOfKernels } from './products.ts';
import { closeDevices, kernels } from './support.ts';

// Statistics as the epilogue of a product: its result must not change by a bit, and the statistics by no more than the order of additions
// explains.

const SAME = { stride: [1, 1], padding: [1, 1, 1, 1] } as const;
const HALVED = { stride: [2, 2], padding: [1, 2, 1, 2] } as const;

type Window = OpAttributes['conv2d'];
type Image = readonly [n: number, h: number, w: number, c: number];
type Filter = readonly [k: number, r: number, s: number, c: number];

const convolution = (image: Image, filter: Filter, window: Window, result: Image): Product => ({
  op: 'conv2d',
  attributes: window,
  inputs: [image, filter],
  shape: result,
});

/** The gradient of the images of a convolution, which is a convolution transposed. */
const transposedConvolution = (gradient: Image, filter: Filter, window: Window, image: Image): Product => ({
  op: 'conv2dInputGradient',
  attributes: { ...window, inputSize: [image[1], image[2]] },
  inputs: [gradient, filter],
  shape: image,
});

const filterGradient = (image: Image, gradient: Image, window: Window, filter: Filter): Product => ({
  op: 'conv2dFilterGradient',
  attributes: { ...window, filterSize: [filter[1], filter[2]] },
  inputs: [image, gradient],
  shape: filter,
});

/** [rows, reduction] times [reduction, columns], or times the transpose of [columns, reduction]. */
const matrices = (rows: number, reduction: number, columns: number, transposeB = false): Product => ({
  op: 'matmul',
  attributes: { transposeA: false, transposeB },
  inputs: [[rows, reduction], transposeB ? [columns, reduction] : [reduction, columns]],
  shape: [rows, columns],
});

/** A product, and the channels that its statistics are of if they are not its columns. */
interface Measured {
  readonly product: Product;
  readonly channels?: number;
}

const PRODUCTS: Record<string, Measured> = {
  'a convolution': { product: convolution([3, 14, 10, 8], [68, 3, 3, 8], SAME, [3, 14, 10, 68]) },
  'a convolution in large tiles': { product: convolution([2, 32, 32, 4], [128, 5, 5, 4], HALVED, [2, 16, 16, 128]) },
  'a convolution of odd sizes': { product: convolution([3, 9, 7, 5], [19, 3, 3, 5], SAME, [3, 9, 7, 19]) },
  'a transposed convolution in four phases': {
    product: transposedConvolution([2, 9, 7, 8], [8, 5, 5, 12], HALVED, [2, 18, 14, 12]),
  },
  'a transposed convolution in phases of unequal size': {
    product: transposedConvolution(
      [3, 9, 7, 4],
      [4, 5, 5, 7],
      { stride: [2, 2], padding: [2, 2, 2, 2] },
      [3, 17, 13, 7],
    ),
  },
  'a transposed convolution to an image': {
    product: transposedConvolution([2, 9, 7, 8], [8, 5, 5, 3], HALVED, [2, 18, 14, 3]),
  },
  'a matrix product': { product: matrices(300, 40, 140) },
  'a matrix product of one tile': { product: matrices(5, 40, 8) },
  'a matrix product with a transposed factor': { product: matrices(130, 24, 68, true) },
  'a matrix product whose columns are pixels of images': { product: matrices(70, 40, 180), channels: 12 },
  'a split reduction': { product: matrices(6, 2048, 12) },
  'a split reduction of odd size': { product: matrices(3, 2048, 5) },
  'a split reduction of pixels of images': { product: matrices(70, 2048, 36), channels: 3 },
};

type Statistic = 'reduceMoments' | 'reduceSums';

/** Statistics that products take of their result: an expression of which operand `at` is the product, and the registers of sums. */
const STATISTICS: Record<
  string,
  { readonly op: Statistic; readonly at: number; readonly expression: Expression; readonly values?: readonly number[] }
> = {
  moments: { op: 'reduceMoments', at: 0, expression: expression('f') },
  'moments behind a bias': { op: 'reduceMoments', at: 0, expression: expression('fc', 'add 0 1') },
  'sums behind relu': {
    op: 'reduceSums',
    at: 0,
    expression: expression('fffc', 'step 1', 'mul 0 4', 'sub 2 3', 'mul 5 6'),
    values: [5, 7],
  },
  'sums behind leakyRelu': {
    op: 'reduceSums',
    at: 1,
    expression: expression('fffc', 'constant = 0.2', 'mul 4 1', 'select 0 1 5', 'sub 2 3', 'mul 6 7'),
    values: [6, 8],
  },
};

interface Taken {
  readonly example: Example;
  readonly result: Slot;
  readonly statistics: Slot;
}

/** A product and its statistics, right behind it or `apart`, behind something else; whole tensors are `stored` so. */
function taken(
  { product, channels }: Measured,
  what: string,
  { apart = false, stored = 'float32' }: { apart?: boolean; stored?: StoredType } = {},
): Taken {
  const { op, at, expression: expressed, values } = STATISTICS[what] as (typeof STATISTICS)[string];
  const example = new Example();
  const columns = product.shape.at(-1) as number;
  const inner = channels ?? columns;
  const extent = [1, elements(product.shape) / inner, inner] as const;
  // A bias is of whole rows of the product, what comes of a norm of its channels.
  const channelsOf = op === 'reduceMoments' ? columns : inner;
  const beside = expressed.access.map((each, i) => {
    if (i === at) return undefined;
    return each === 'channel' ? example.feed([channelsOf]) : example.operand(product.shape, stored);
  });
  const result = example.product(product, stored);
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

for (const [name, measured] of Object.entries(PRODUCTS)) {
  for (const [stored, precision, device] of [
    ['float32', 'float32', kernels],
    ['bfloat16', 'bfloat16', inBfloat16],
  ] as const) {
    test(`${name} kept as ${stored} takes any statistics as if they followed it`, async () => {
      for (const what of Object.keys(STATISTICS)) {
        const joined = taken(measured, what, { stored });
        assert.equal(stepsOfKernels(joined.example.sketch, precision).slice(-1), [2], what);
        const apart = taken(measured, what, { stored, apart: true });
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
  const measured = PRODUCTS['a transposed convolution in phases of unequal size'] as Measured;
  for (const precision of ['float32', 'tf32', 'bfloat16']) {
    const results: Float32Array[][] = [];
    for (const seed of ['1', '2', '3']) {
      process.env.GANNET_SIMT_SEED = seed;
      const device = addon.openDevice('simt', { threads: 0, precision });
      results.push(await runBoth(taken(measured, 'moments'), device));
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
    const made = taken({ product: matrices(rows, reduction, 12) }, 'moments');
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
  const product = matrices(6, 8, 12);
  const behind = (expressed: Expression, extent: readonly [number, number, number], shape: Shape): Example => {
    const example = new Example();
    const result = example.product(product);
    example.sketch.step('reduceMoments', { expression: expressed, extent }, [result], shape);
    return example;
  };
  assert.equal(stepsOfKernels(behind(expression('f'), [1, 6, 12], [2, 12]).sketch), [2]);
  assert.equal(stepsOfKernels(behind(expression('f'), [6, 12, 1], [2, 6]).sketch), [1, 1]);
  assert.equal(stepsOfKernels(behind(expression('f'), [1, 72, 1], [2, 1]).sketch), [1, 1]);
  assert.equal(stepsOfKernels(behind(expression('f', 'exp 0'), [1, 6, 12], [2, 12]).sketch), [1, 1]);
  const gradient = filterGradient([2, 8, 8, 4], [2, 8, 8, 12], SAME, [12, 3, 3, 4]);
  const whole = taken({ product: gradient }, 'moments');
  assert.equal(stepsOfKernels(whole.example.sketch), [1, 1]);
});

test.after(() => {
  closeDevices();
  inBfloat16.close();
});
test.run();
