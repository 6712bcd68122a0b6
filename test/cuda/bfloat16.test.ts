import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot, StoredType } from '../../src/graph/program.ts';
import type { Expression, OpAttributes } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import { addon, largestError, numbers, runOnce, Sketch } from '../binding/support.ts';
import { expression } from './expression.ts';
import { expectSame, IDENTITY, onRounded, rounded, runWork, sketchOf, type Work } from './works.ts';

// Values kept as bfloat16 in memory. Kernels compute in float32, so that they give exactly what they would of float32 values that
// were rounded before, and round what they write as bfloat16, to nearest even.

const device = addon.openDevice(process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt', {
  threads: 0,
  precision: 'bfloat16',
});
const cpu = addon.openDevice('cpu', { threads: 0 });

const run = (work: Work, result: StoredType, on: NativeDevice = device): Promise<Float32Array> =>
  runWork(work, result, on);

test('what is kept as bfloat16 is rounded to nearest, ties to even', async () => {
  const values = Float32Array.of(
    1,
    1 + 2 ** -8,
    1 + 2 ** -7,
    1 + 3 * 2 ** -8,
    -1 - 2 ** -8 - 2 ** -20,
    3.3e38,
    1e-38,
    -0,
  );
  const sketch = new Sketch();
  const kept = sketch.step('elementwise', IDENTITY, [sketch.feed([8])], [8], 'bfloat16');
  sketch.output(sketch.step('elementwise', IDENTITY, [kept], [8]));
  const [result] = await runOnce(device, sketch, [values]);
  expectSame(result as Float32Array, rounded(values), 'kept');
  assert.equal([...(result as Float32Array)].slice(0, 5), [1, 1, 1 + 2 ** -7, 1 + 2 ** -6, -1 - 2 ** -7]);
});

const EXPRESSIONS: Record<string, Expression> = {
  'an activation': expression('f', 'leakyRelu 0 = 0.2'),
  'a sum of three': expression('fff', 'add 0 1', 'add 3 2'),
  'a bias per channel': expression('fc', 'add 0 1', 'relu 2'),
  'a norm': expression('fcccc', 'sub 0 1', 'mul 5 2', 'mul 6 3', 'add 7 4', 'relu 8'),
  'an interpreted expression': expression('fcsf', 'mul 0 1', 'abs 4', 'exp 5', 'sub 6 2', 'mul 7 3'),
};

/** Multiples of 4, and counts whose end, or whose channels, fit no vector. */
const SIZES: readonly (readonly [rows: number, channels: number])[] = [
  [64, 32],
  [33, 5],
  [7, 9],
];

const shapeOf = (access: string, [rows, channels]: readonly [number, number]): Shape =>
  access === 'full' ? [rows, channels] : access === 'channel' ? [channels] : access === 'sample' ? [rows] : [];

/** In bfloat16 all operands that are read element by element, then only the first of them. */
function* choices({ access }: Expression): Generator<boolean[]> {
  const full = access.map((each) => each === 'full');
  yield full;
  yield full.map((each, i) => each && i === full.indexOf(true));
}

for (const [name, body] of Object.entries(EXPRESSIONS)) {
  test(`${name} of bfloat16 values, to bfloat16 and to float32 results`, async () => {
    for (const size of SIZES) {
      for (const inBfloat16 of choices(body)) {
        const operands = body.access.map((access) => shapeOf(access, size));
        const work: Work = { op: 'elementwise', attributes: { expression: body }, operands, inBfloat16, shape: size };
        const expected = await onRounded(work, device);
        expectSame(await run(work, 'float32'), expected, `${size} ${inBfloat16}`);
        expectSame(await run(work, 'bfloat16'), rounded(expected), `${size} ${inBfloat16}`);
      }
    }
  });
}

const EXTENTS: readonly (readonly [outer: number, reduced: number, inner: number])[] = [
  [1, 300, 32],
  [3, 257, 5],
  [5, 70, 1],
  [2, 20001, 1],
];

for (const extent of EXTENTS) {
  test(`sums and moments of bfloat16 values over the middle of [${extent}]`, async () => {
    const [outer, reduced, inner] = extent;
    const shape = [outer * reduced * inner];
    const squares = expression('ff', 'mul 0 1', 'neg 2');
    const works: Work[] = [
      {
        op: 'reduce',
        attributes: { expression: expression('f'), kind: 'sum', extent },
        operands: [shape],
        inBfloat16: [true],
        shape: [outer, inner],
      },
      {
        op: 'reduce',
        attributes: { expression: squares, kind: 'sum', extent },
        operands: [shape, shape],
        inBfloat16: [true, false],
        shape: [outer, inner],
      },
      {
        op: 'reduceMoments',
        attributes: { expression: expression('f'), extent },
        operands: [shape],
        inBfloat16: [true],
        shape: [2, outer, inner],
      },
    ];
    for (const work of works) expectSame(await run(work, 'float32'), await onRounded(work, device), work.op);
  });
}

type Example = readonly [
  image: readonly [number, number, number, number],
  filter: readonly [number, number],
  stride: number,
  why: string,
];

const CONVOLUTIONS: readonly Example[] = [
  [[2, 8, 8, 64], [128, 2], 1, 'tiles of 128 x 128'],
  [[1, 8, 8, 32], [64, 5], 2, 'phases of 9, 6, 6 and 4 taps, the last step of which is cut'],
  [[2, 4, 4, 72], [136, 3], 1, 'edges of tiles inside the result'],
  [[2, 9, 7, 8], [16, 5], 2, 'odd images; eight channels are one tile of columns'],
  [[2, 8, 8, 3], [64, 5], 2, 'a colour image, which stays float32'],
  [[2, 8, 8, 64], [3, 3], 1, 'three channels out'],
];

/** The three products of a convolution, each with as many operands in bfloat16 as its kernels take. */
function convolutions([image, [k, r], stride]: Example): Work[] {
  const [n, h, w, c] = image;
  const total = (size: number) => Math.max(0, (Math.ceil(size / stride) - 1) * stride + r - size);
  const around = (size: number): [number, number] => [Math.floor(total(size) / 2), Math.ceil(total(size) / 2)];
  const result = [n, Math.ceil(h / stride), Math.ceil(w / stride), k];
  const window = {
    stride: [stride, stride],
    padding: [...around(h), ...around(w)],
  } as unknown as OpAttributes['conv2d'];
  const filter = [k, r, r, c];
  const [channels, filters] = [c % 8 === 0, k % 8 === 0];
  return [
    { op: 'conv2d', attributes: window, operands: [image, filter], inBfloat16: [channels, channels], shape: result },
    {
      op: 'conv2dInputGradient',
      attributes: { ...window, inputSize: [h, w] },
      operands: [result, filter],
      inBfloat16: [filters, filters && channels],
      shape: image,
    },
    {
      op: 'conv2dFilterGradient',
      attributes: { ...window, filterSize: [r, r] },
      operands: [image, result],
      inBfloat16: [channels && filters, filters],
      shape: filter,
    },
  ];
}

function matmuls(rows: number, columns: number, reduction: number): Work[] {
  return [0, 1, 2, 3].map((kind): Work => {
    const [transposeA, transposeB] = [kind % 2 === 1, kind > 1];
    return {
      op: 'matmul',
      attributes: { transposeA, transposeB },
      operands: [
        transposeA ? [reduction, rows] : [rows, reduction],
        transposeB ? [columns, reduction] : [reduction, columns],
      ],
      inBfloat16: [true, true],
      shape: [rows, columns],
    };
  });
}

const PRODUCTS: Record<string, readonly Work[]> = Object.fromEntries([
  ...CONVOLUTIONS.map((example) => [
    `a convolution of [${example[0]}] by ${example[1]}: ${example[3]}`,
    convolutions(example),
  ]),
  ['matrices in all transposes', matmuls(136, 144, 96)],
  ['long matrices, whose reduction is split', matmuls(8, 16, 2048)],
]);

for (const [name, works] of Object.entries(PRODUCTS)) {
  test(`${name}: products of bfloat16 operands are exact, bfloat16 results are rounded once`, async () => {
    for (const work of works) {
      // Operands that stay float32 are rounded by the product itself.
      const expected = await onRounded({ ...work, inBfloat16: work.inBfloat16.map(() => true) }, cpu);
      const wide = await run(work, 'float32');
      const error = largestError(wide, expected);
      assert.ok(error < 1e-5, `${work.op} is off by ${error.toExponential(2)}`);
      expectSame(await run(work, 'bfloat16'), rounded(wide), work.op);
    }
  });
}

/** A product of bfloat16 operands whose epilogue is the gradient of leakyRelu, with one more bfloat16 operand. */
function productWithEpilogue(): { sketch: Sketch; feeds: Float32Array[] } {
  const sketch = new Sketch();
  const inBfloat16 = (shape: Shape): Slot =>
    sketch.step('elementwise', IDENTITY, [sketch.feed(shape)], shape, 'bfloat16');
  const [a, b, y] = [inBfloat16([72, 64]), inBfloat16([64, 40]), inBfloat16([72, 40])] as [Slot, Slot, Slot];
  const sums = sketch.step('matmul', { transposeA: false, transposeB: false }, [a, b], [72, 40], 'bfloat16');
  const epilogue = expression('ff', 'constant = 0.2', 'mul 2 1', 'select 0 1 3');
  const made = sketch.step('elementwise', { expression: epilogue }, [y, sums], [72, 40], 'bfloat16');
  sketch.output(sketch.step('elementwise', IDENTITY, [made], [72, 40]));
  return { sketch, feeds: [numbers([72, 64], 1), numbers([64, 40], 2), numbers([72, 40], 3)].map(({ data }) => data) };
}

test('epilogues of bfloat16 products and operands round once, in whatever order threads run', async () => {
  const { sketch, feeds } = productWithEpilogue();
  const [a, b, y] = feeds.map(rounded) as [Float32Array, Float32Array, Float32Array];
  const product: Work = {
    op: 'matmul',
    attributes: { transposeA: false, transposeB: false },
    operands: [
      [72, 64],
      [64, 40],
    ],
    inBfloat16: [true, true],
    shape: [72, 40],
  };
  const sums = await run(product, 'float32');
  const expected = rounded(sums.map((sum, i) => ((y[i] as number) > 0 ? sum : Math.fround(Math.fround(0.2) * sum))));
  assert.ok(a.length > 0 && b.length > 0);
  for (const seed of ['1', '2', '3']) {
    process.env.GANNET_SIMT_SEED = seed;
    const ordered = addon.openDevice('simt', { threads: 0, precision: 'bfloat16' });
    expectSame((await runOnce(ordered, sketch, feeds))[0] as Float32Array, expected, seed);
    ordered.close();
  }
  delete process.env.GANNET_SIMT_SEED;
});

const MOVEMENTS: readonly Work[] = [
  {
    op: 'slice',
    attributes: { begin: [0, 1, 2], size: [3, 2, 6] },
    operands: [[3, 4, 10]],
    inBfloat16: [true],
    shape: [3, 2, 6],
  },
  {
    op: 'pad',
    attributes: { before: [1, 0, 2], after: [0, 2, 4] },
    operands: [[3, 4, 10]],
    inBfloat16: [true],
    shape: [4, 6, 16],
  },
  {
    op: 'concat',
    attributes: { axis: 1 },
    operands: [
      [3, 6],
      [3, 8],
    ],
    inBfloat16: [true, true],
    shape: [3, 14],
  },
  {
    op: 'concat',
    attributes: { axis: 0 },
    operands: [
      [3, 6],
      [4, 6],
    ],
    inBfloat16: [true, true],
    shape: [7, 6],
  },
  {
    op: 'upsampleNearest',
    attributes: { scale: 2 },
    operands: [[2, 3, 5, 6]],
    inBfloat16: [true],
    shape: [2, 6, 10, 6],
  },
  { op: 'reshape', attributes: { shape: [2, 15] }, operands: [[5, 6]], inBfloat16: [true], shape: [2, 15] },
];

for (const work of MOVEMENTS) {
  test(`${work.op} of bfloat16 [${work.operands[0]}] moves pairs`, async () => {
    expectSame(await run(work, 'bfloat16'), await onRounded(work, device), work.op);
  });
}

async function failure(work: Work, result: StoredType, on: NativeDevice = device): Promise<string> {
  try {
    await run(work, result, on);
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'none';
}

const relu: Work = {
  op: 'elementwise',
  attributes: { expression: expression('f', 'relu 0') },
  operands: [[8]],
  inBfloat16: [true],
  shape: [8],
};

test('a half of a pair is not moved', async () => {
  const work: Work = {
    op: 'slice',
    attributes: { begin: [0, 1], size: [2, 4] },
    operands: [[2, 8]],
    inBfloat16: [true],
    shape: [2, 4],
  };
  assert.match(await failure(work, 'bfloat16'), /shape_unsupported.*in pairs.*\[0,1\] is odd/);
});

test('products of rows that eight does not divide are refused', async () => {
  const [work] = matmuls(8, 12, 16) as [Work];
  assert.match(await failure(work, 'float32'), /shape_unsupported.*multiples of 8/);
});

test('the device tells which operands of a product it reads as bfloat16, and loads what it has told', async () => {
  const [matrices] = matmuls(8, 12, 16) as [Work];
  const [, toImage, ofImage] = convolutions([[2, 8, 8, 3], [16, 5], 2, 'an image']) as [Work, Work, Work];
  const [, toMany] = convolutions([[2, 8, 8, 12], [16, 5], 2, 'twelve channels']) as [Work, Work, Work];
  for (const [work, told] of [
    [matrices, [false, false]],
    [(matmuls(8, 16, 24) as [Work])[0], [true, true]],
    [toImage, [true, false]],
    [ofImage, [false, true]],
    [toMany, [false, false]],
  ] as const) {
    const asked = sketchOf({ ...work, inBfloat16: work.inBfloat16.map(() => false) }, 'float32').program();
    assert.equal(addon.bfloat16Operands('simt', asked).at(-1), told, `${work.op} ${work.operands.join(' ')}`);
    assert.equal(addon.bfloat16Operands('cpu', asked).at(-1), [false, false]);
    assert.is(await failure({ ...work, inBfloat16: told }, 'float32'), 'none');
  }
  assert.throws(() => addon.bfloat16Operands('abacus', sketchOf(relu, 'float32').program()), /abacus/);
});

test('only devices of precision bfloat16 keep values so', async () => {
  const exact = addon.openDevice('simt', { threads: 0, precision: 'float32' });
  assert.match(await failure(relu, 'float32', exact), /precision_unsupported.*only a device of precision 'bfloat16'/);
  assert.match(await failure(relu, 'float32', cpu), /precision_unsupported.*CPU/);
  exact.close();
});

test('operands that are not read element by element, and outputs, are float32', async () => {
  const biased: Work = {
    op: 'elementwise',
    attributes: { expression: expression('fc', 'add 0 1') },
    operands: [[4, 8], [8]],
    inBfloat16: [true, true],
    shape: [4, 8],
  };
  assert.match(await failure(biased, 'float32'), /dtype_mismatch/);
  const sketch = new Sketch();
  sketch.output(sketch.step('elementwise', IDENTITY, [sketch.feed([8])], [8], 'bfloat16'));
  assert.throws(
    () =>
      addon.planLaunches(sketch.program(), {
        multiprocessors: 108,
        sharedBytesPerMultiprocessor: 164 * 1024,
        sharedBytesPerBlock: 163 * 1024,
        architecture: 80,
        precision: 'bfloat16',
      }),
    /outputs.*bfloat16/,
  );
});

test('a value takes two bytes an element: its neighbour may begin right behind', () => {
  const sketch = new Sketch();
  const [first, second] = [sketch.place([64], 'bfloat16'), sketch.place([64], 'float32')] as [Slot, Slot];
  assert.is(second.offset - first.offset, 2 * elements([64]));
});

test.after(() => {
  device.close();
  cpu.close();
});
test.run();
