import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GPUS } from '../../src/device/gpus.ts';
import type { NativeDevice } from '../../src/device/native.ts';
import type { OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers, runOnce, Sketch } from '../binding/support.ts';

// Products large enough for every tile, pipeline depth, vector width and split of the kernels; the table of small shapes is
// checked by the parity tests.

/** What rounding the operands may cost, relative to the largest number of the result. */
const TOLERANCES = { float32: 1e-5, tf32: 1e-3, bfloat16: 1e-2 } as const;
const PRECISIONS = Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[];

type Tensor = ReturnType<typeof numbers>;

/** One op on given inputs, as both devices run it. */
interface Product<K extends OpName = OpName> {
  readonly name: string;
  readonly op: K;
  readonly attributes: OpAttributes[K];
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
}

type Example = readonly [
  image: [number, number, number, number],
  filter: [number, number, number],
  stride: number,
  padding: [number, number, number, number],
  why: string,
];

const CONVOLUTIONS: readonly Example[] = [
  [[2, 8, 8, 128], [128, 4, 4], 2, [1, 1, 1, 1], 'four phases of equal weight, tiles of 128 x 128'],
  [[2, 16, 16, 32], [64, 5, 5], 2, [1, 2, 1, 2], 'phases of 9, 6, 6 and 4 taps'],
  [[3, 8, 8, 68], [132, 3, 3], 1, [1, 1, 1, 1], 'edges of tiles inside the result'],
  [[4, 16, 16, 3], [64, 5, 5], 2, [1, 2, 1, 2], 'a colour image: 3 channels in, copied one by one'],
  [[2, 16, 16, 64], [3, 3, 3], 1, [1, 1, 1, 1], '3 channels out: tiles of 8 columns'],
  [[2, 9, 7, 17], [19, 5, 5], 2, [2, 2, 2, 2], 'nothing is a multiple of 4'],
  [[3, 9, 9, 12], [20, 1, 1], 2, [0, 0, 0, 0], 'phases without taps are zero'],
  [[16, 4, 4, 128], [1, 4, 4], 1, [0, 0, 0, 0], 'one place and one filter: the reduction is split'],
  [[2, 7, 7, 8], [8, 7, 7], 1, [3, 3, 3, 3], 'a window larger than the image'],
];

const MATMULS: readonly (readonly [rows: number, columns: number, reduction: number])[] = [
  [1, 1, 1],
  [128, 1, 1024],
  [130, 140, 96],
  [256, 128, 64],
  [33, 65, 71],
];

function convolutions([image, [k, r, s], stride, padding, why]: Example): Product[] {
  const [n, h, w, c] = image;
  const positions = (size: number, before: number, after: number, window: number) =>
    Math.floor((size + before + after - window) / stride) + 1;
  const result: Shape = [n, positions(h, padding[0], padding[1], r), positions(w, padding[2], padding[3], s), k];
  const [x, filter, dy] = [numbers(image, 1), numbers([k, r, s, c], 2), numbers(result, 3)];
  const window = { stride: [stride, stride], padding } as const;
  const detail = `[${image}] by [${k},${r},${s}]: ${why}`;
  return [
    { name: `conv2d ${detail}`, op: 'conv2d', attributes: window, inputs: [x, filter], shape: result },
    {
      name: `conv2dInputGradient ${detail}`,
      op: 'conv2dInputGradient',
      attributes: { ...window, inputSize: [h, w] },
      inputs: [dy, filter],
      shape: image,
    },
    {
      name: `conv2dFilterGradient ${detail}`,
      op: 'conv2dFilterGradient',
      attributes: { ...window, filterSize: [r, s] },
      inputs: [x, dy],
      shape: [k, r, s, c],
    },
  ];
}

function matmuls([rows, columns, reduction]: (typeof MATMULS)[number]): Product[] {
  return [0, 1, 2, 3].map((kind): Product => {
    const [transposeA, transposeB] = [kind % 2 === 1, kind > 1];
    return {
      name: `matmul ${rows}x${columns}x${reduction}${transposeA ? ' A transposed' : ''}${transposeB ? ' B transposed' : ''}`,
      op: 'matmul',
      attributes: { transposeA, transposeB },
      inputs: [
        numbers(transposeA ? [reduction, rows] : [rows, reduction], 4),
        numbers(transposeB ? [columns, reduction] : [reduction, columns], 5),
      ],
      shape: [rows, columns],
    };
  });
}

const products = [...CONVOLUTIONS.flatMap(convolutions), ...MATMULS.flatMap(matmuls)];

const apply = (device: NativeDevice, { op, attributes, inputs, shape }: Product): Promise<Float32Array> =>
  applyOp(device, op, attributes, inputs, shape);

const reference = addon.openDevice('cpu', { threads: 0 });
const simulated = PRECISIONS.map((precision) => addon.openDevice('simt', { threads: 0, precision }));

for (const product of products) {
  test(product.name, async () => {
    const expected = await apply(reference, product);
    for (const [i, precision] of PRECISIONS.entries()) {
      const error = largestError(await apply(simulated[i] as NativeDevice, product), expected);
      assert.ok(error < TOLERANCES[precision], `${precision} is off by ${error.toExponential(2)}`);
    }
  });
}

test('the order in which threads run changes no bit', async () => {
  const [product] = convolutions(CONVOLUTIONS[1] as Example) as [Product];
  const results: Float32Array[] = [];
  for (const seed of ['1', '2', '3']) {
    process.env.GANNET_SIMT_SEED = seed;
    const device = addon.openDevice('simt', { threads: 0, precision: 'tf32' });
    results.push(await apply(device, product));
    device.close();
  }
  delete process.env.GANNET_SIMT_SEED;
  for (const result of results) assert.equal(result, results[0]);
});

test('GPUs without asynchronous copies take tiles one by one, in whatever order threads run', async () => {
  process.env.GANNET_SIMT_ARCHITECTURE = '75';
  for (const product of products) {
    const results: Float32Array[] = [];
    for (const seed of ['1', '2']) {
      process.env.GANNET_SIMT_SEED = seed;
      const device = addon.openDevice('simt', { threads: 0 });
      results.push(await apply(device, product));
      device.close();
    }
    const [first, second] = results as [Float32Array, Float32Array];
    const error = largestError(first, await apply(reference, product));
    assert.ok(error < TOLERANCES.float32, `${product.name} is off by ${error.toExponential(2)}`);
    assert.equal(first, second);
  }
  delete process.env.GANNET_SIMT_SEED;
  delete process.env.GANNET_SIMT_ARCHITECTURE;
});

test('matrices may have any number of columns', () => {
  const sketch = new Sketch();
  const columns = 65536 * 128 + 4;
  sketch.step(
    'matmul',
    { transposeA: false, transposeB: false },
    [sketch.feed([4, 4]), sketch.feed([4, columns])],
    [4, columns],
  );
  const gpu = { ...GPUS.a100, precision: 'tf32' };
  assert.ok((addon.planLaunches(sketch.program(), gpu)[0]?.blocks as number) > 65536);
});

test('a NaN of any bits in a feed or a variable makes a NaN of the product, also when it was copied', async () => {
  for (const bits of [0x7fffffff, 0xffffffff, 0x7ffff800, 0x7fc00000]) {
    const data = new Float32Array(new Uint32Array(4 * 4).fill(0x3f800000).fill(bits, 5, 6).buffer);
    for (const [i, device] of simulated.entries()) {
      const variable = device.createVariable(data.byteLength);
      await device.writeVariable(variable, data);
      const sketch = new Sketch();
      const x = sketch.step('reshape', { shape: [4, 4] }, [sketch.feed([4, 4])], [4, 4]);
      const attributes = { transposeA: false, transposeB: false };
      sketch.output(sketch.step('matmul', attributes, [x, sketch.variable([4, 4])], [4, 4]));
      const [result] = await runOnce(device, sketch, [data], [variable]);
      device.releaseVariable(variable);
      const isNan = [...(result as Float32Array)].map(Number.isNaN);
      const expected = isNan.map((_, at) => Math.floor(at / 4) === 1 || at % 4 === 1);
      assert.equal(isNan, expected, `${PRECISIONS[i]}, ${bits.toString(16)}`);
    }
  }
});

test('rounded products differ from exact ones', async () => {
  const [product] = convolutions(CONVOLUTIONS[1] as Example) as [Product];
  const expected = await apply(reference, product);
  const errors = await Promise.all(
    simulated.map(async (device) => largestError(await apply(device, product), expected)),
  );
  const [exact, tf32, bfloat16] = errors as [number, number, number];
  // The reference rounds by up to 3e-6 itself where it runs by minimal filtering.
  assert.ok(exact < 4e-6 && tf32 > 10 * exact && bfloat16 > 3 * tf32, errors.join());
});

test.after(() => {
  reference.close();
  for (const device of simulated) device.close();
});
test.run();
