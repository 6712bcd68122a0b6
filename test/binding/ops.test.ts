import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listDevices } from '../../src/device/index.ts';
import { type Access, type Instruction, SCALAR_FUNCTIONS, type ScalarFunction } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers, runOnce, Sketch } from './support.ts';

const device = addon.openDevice('cpu', { threads: 0 });

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const scalar: Record<ScalarFunction, (a: number, b: number, c: number) => number> = {
  neg: (a) => -a,
  abs: Math.abs,
  sign: Math.sign,
  step: (a) => (a > 0 ? 1 : 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (a) => 1 / a,
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  softplus,
  relu: (a) => Math.max(a, 0),
  leakyRelu: (a) => (a > 0 ? a : 0.2 * a),
  elu: (a) => (a > 0 ? a : 0.2 * Math.expm1(a)),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  greater: (a, b) => (a > b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  select: (a, b, c) => (a > 0 ? b : c),
};

/** Distance in units of the last place of the expected float. */
function unitsOff(actual: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(actual, rounded) || actual === rounded) return 0;
  const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(rounded))) - 23, -149);
  return Math.abs(actual - expected) / unit;
}

const magnitudes = [
  0, 1e-20, 1e-6, 1e-3, 0.1, 0.34, 0.35, 0.5, 0.999, 1, 1.5, 2, 5, 9, 17, 40, 87, 88.5, 100, 1e4, 1e30,
];
const interesting = new Float32Array([
  ...magnitudes,
  ...magnitudes.map((x) => -x),
  ...numbers([3000]).data.map((x) => 10 * x),
]);

for (const [fn, { arity, immediate }] of Object.entries(SCALAR_FUNCTIONS) as [
  ScalarFunction,
  { arity: number; immediate?: true },
][]) {
  test(`${fn} is right to a few units in the last place, and NaN and infinity come through`, async () => {
    const a = interesting;
    const b = new Float32Array(a.length).map((_, i) =>
      i % 3 === 0 ? (a[i] as number) : (a[(i * 7 + 1) % a.length] as number),
    );
    const c = new Float32Array(a.length).map((_, i) => i);
    const operands = [a, b, c].slice(0, arity);
    const shape = [a.length];
    const instructions: Instruction[] = [{ fn, args: operands.map((_, i) => i), ...(immediate ? { value: 0.2 } : {}) }];
    const access: Access[] = operands.map(() => 'full');
    const inputs = operands.map((data) => ({ shape, data }));
    const actual = await applyOp(device, 'elementwise', { expression: { access, instructions } }, inputs, shape);
    for (let i = 0; i < a.length; i++) {
      const expected = scalar[fn](a[i] as number, b[i] as number, c[i] as number);
      // What is, or passes through, a number below the smallest normal one may become zero.
      if (Math.abs(expected) < 2 ** -124)
        assert.ok(Math.abs(actual[i] as number) < 2 ** -123, `${fn}(${a[i]}) = ${actual[i]}`);
      else if (Number.isNaN(expected))
        assert.ok(Number.isNaN(actual[i]), `${fn}(${a[i]}) = ${actual[i]}, expected NaN`);
      else
        assert.ok(
          unitsOff(actual[i] as number, expected) <= 3,
          `${fn}(${a[i]}, ${b[i]}) = ${actual[i]}, expected ${expected}`,
        );
    }
  });
}

test('functions that a loss goes through keep NaN', async () => {
  const x = { shape: [2], data: new Float32Array([Number.NaN, 1]) };
  const y = { shape: [2], data: new Float32Array([1, Number.NaN]) };
  for (const fn of ['exp', 'log', 'tanh', 'sigmoid', 'softplus', 'relu', 'leakyRelu', 'elu', 'abs'] as const) {
    const expression = { access: ['full'] as Access[], instructions: [{ fn, args: [0], value: 0.2 }] };
    const [value] = await applyOp(device, 'elementwise', { expression }, [x], [2]);
    assert.ok(Number.isNaN(value), fn);
  }
  for (const fn of ['maximum', 'minimum'] as const) {
    const expression = { access: ['full', 'full'] as Access[], instructions: [{ fn, args: [0, 1] }] };
    const values = await applyOp(device, 'elementwise', { expression }, [x, y], [2]);
    assert.ok(values.every(Number.isNaN), fn);
  }
});

/** Which element of an operand element i of `total` reads. */
const reads: Record<Access, (i: number, size: number, total: number) => number> = {
  full: (i) => i,
  channel: (i, size) => i % size,
  sample: (i, size, total) => Math.floor(i / (total / size)),
  scalar: () => 0,
};

const mixture: Instruction[] = [
  { fn: 'mul', args: [0, 1] },
  { fn: 'constant', args: [], value: 0.25 },
  { fn: 'add', args: [4, 2] },
  { fn: 'sub', args: [6, 3] },
  { fn: 'leakyRelu', args: [7], value: 0.2 },
  { fn: 'mul', args: [8, 5] },
  { fn: 'add', args: [9, 0] },
];

function mixtureAt(data: readonly Float32Array[], access: readonly Access[], i: number, total: number): number {
  const [a, b, c, d] = data.map((x, j) => x[reads[access[j] as Access](i, x.length, total)] as number) as [
    number,
    number,
    number,
    number,
  ];
  return scalar.leakyRelu(a * b + c - d, 0, 0) * 0.25 + a;
}

const mixtureAccess: Access[] = ['full', 'channel', 'sample', 'scalar'];

for (const [total, channels, samples] of [
  [1, 1, 1],
  [3 * 35, 35, 3],
  [7 * 3 * 1001, 3, 7],
  [4 * 5000, 5000, 4],
  [2 * 3001 * 5, 3001 * 5, 2],
  [64 * 2048, 128, 64],
  [3000, 100, 1500],
] as const) {
  test(`a fused expression over ${total} elements reads full, channel (${channels}), sample (${samples}) and scalar operands`, async () => {
    const inputs = [total, channels, samples, 1].map((size, i) => numbers([size], i + 1));
    const data = inputs.map((input) => input.data);
    const expected = Array.from({ length: total }, (_, i) => mixtureAt(data, mixtureAccess, i, total));
    const expression = { access: mixtureAccess, instructions: mixture };
    assert.ok(largestError(await applyOp(device, 'elementwise', { expression }, inputs, [total]), expected) < 1e-6);
  });
}

test('a fused expression may overwrite an operand that it reads in full', async () => {
  const size = 5000;
  const x = numbers([size], 5);
  const sketch = new Sketch();
  const feed = sketch.feed([size]);
  const copy = sketch.step('reshape', { shape: [size] }, [feed], [size]);
  const program = sketch.program();
  const expression = {
    access: ['full', 'full'] as Access[],
    instructions: [
      { fn: 'mul', args: [0, 0] },
      { fn: 'add', args: [2, 1] },
      { fn: 'sub', args: [3, 0] },
    ] as Instruction[],
  };
  const steps = [
    ...program.steps,
    { op: 'elementwise', attributes: { expression }, inputs: [copy, feed], output: copy, scope: '' } as const,
  ];
  const { program: id } = await device.load({ ...program, steps, outputs: [{ name: 'y', slot: copy }] }, []);
  const { outputs } = await device.run([{ program: id, feeds: [x.data], fetch: true }], { profile: false });
  const expected = x.data.map((v) => v * v);
  assert.ok(largestError(new Float32Array(outputs[0]?.[0] as ArrayBuffer), expected) < 1e-6);
});

for (const extent of [
  [1, 1, 1],
  [1, 100000, 1],
  [1, 70001, 3],
  [1, 3001, 128],
  [1, 5, 5000],
  [7, 4099, 1],
  [500, 3, 1],
  [3, 1024, 1],
  [5, 33, 7],
  [2, 300, 1030],
  [32, 16, 1024],
] as const) {
  const [outer, reduced, inner] = extent;
  const total = outer * reduced * inner;
  test(`reduce over [${extent}] sums and finds the maximum of an expression`, async () => {
    const inputs = [total, inner, outer, 1].map((size, i) => numbers([size], i + 1));
    const data = inputs.map((input) => input.data);
    const sums = new Float64Array(outer * inner);
    const maxima = new Float64Array(outer * inner).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < total; i++) {
      const at = Math.floor(i / (reduced * inner)) * inner + (i % inner);
      const value = mixtureAt(data, mixtureAccess, i, total);
      sums[at] = (sums[at] as number) + value;
      maxima[at] = Math.max(maxima[at] as number, value);
    }
    const expression = { access: mixtureAccess, instructions: mixture };
    const shape = [outer, inner];
    assert.ok(
      largestError(await applyOp(device, 'reduce', { expression, kind: 'sum', extent }, inputs, shape), sums) < 2e-6,
    );
    assert.ok(
      largestError(await applyOp(device, 'reduce', { expression, kind: 'max', extent }, inputs, shape), maxima) < 1e-6,
    );
  });
}

test('a sum over a million elements keeps its digits', async () => {
  const x = { shape: [1 << 20], data: new Float32Array(1 << 20).fill(0.1) };
  const expression = { access: ['full'] as Access[], instructions: [] };
  const [sum] = await applyOp(device, 'reduce', { expression, kind: 'sum', extent: [1, 1 << 20, 1] }, [x], []);
  assert.ok(Math.abs((sum as number) / (Math.fround(0.1) * 2 ** 20) - 1) < 1e-6);
});

/** Inner axes that are cut into pieces, the last of them shorter. */
const DEEP = [
  [5, 4100, 7],
  [18, 4097, 41],
  [33, 5000, 20],
] as const;

/** Wide right matrices: columns that no panel divides, an inner axis in three parts, and the fewest and most rows. */
const WIDE = [
  [37, 100, 2096],
  [50, 600, 1024],
  [24, 1, 1024],
  [448, 20, 1040],
] as const;

for (const [m, k, n] of [
  [1, 1, 1],
  [3, 5, 7],
  [32, 100, 1],
  [1, 64, 33],
  [100, 32, 16],
  [32, 256, 512],
  ...DEEP,
  ...WIDE,
  // Columns that no strip divides, and rows that are too few or too many.
  [32, 64, 1028],
  [23, 40, 1024],
  [449, 20, 1024],
] as const) {
  test(`matmul of [${m},${k}] and [${k},${n}], transposed and not`, async () => {
    const a = numbers([m, k], 1);
    const b = numbers([k, n], 2);
    const expected = Float64Array.from({ length: m * n }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < k; j++)
        sum += (a.data[Math.floor(i / n) * k + j] as number) * (b.data[j * n + (i % n)] as number);
      return sum;
    });
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const inputs = [transposeA ? transposed(a) : a, transposeB ? transposed(b) : b];
        const actual = await applyOp(device, 'matmul', { transposeA, transposeB }, inputs, [m, n]);
        assert.ok(largestError(actual, expected) < 1e-6);
      }
  });
}

async function sameBitsOnAnyThreads(m: number, k: number, n: number, transposeB: boolean): Promise<void> {
  const inputs = [numbers([m, k], 1), numbers(transposeB ? [n, k] : [k, n], 2)];
  const results: Float32Array[] = [];
  for (const threads of [1, 3]) {
    const other = addon.openDevice('cpu', { threads });
    results.push(await applyOp(other, 'matmul', { transposeA: false, transposeB }, inputs, [m, n]));
    other.close();
  }
  assert.equal(results[0], results[1]);
}

for (const [m, k, n] of DEEP) {
  test(`matmul of [${m},${k}] and [${k},${n}] has the same bits with any number of threads`, async () => {
    await sameBitsOnAnyThreads(m, k, n, false);
    await sameBitsOnAnyThreads(m, k, n, true);
  });
}

// With AVX-512 oneDNN takes these, and may share them out otherwise.
const ownProducts = listDevices().find(({ kind }) => kind === 'cpu')?.details.isa !== 'avx512';

for (const [m, k, n] of ownProducts ? WIDE : []) {
  test(`matmul of [${m},${k}] and [${k},${n}] has the same bits with any number of threads`, () =>
    sameBitsOnAnyThreads(m, k, n, false));
}

function transposed({ shape, data }: { shape: Shape; data: Float32Array }): { shape: Shape; data: Float32Array } {
  const [rows, columns] = shape as [number, number];
  return {
    shape: [columns, rows],
    data: data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number),
  };
}

const indexOf = (shape: Shape, flat: number): number[] => {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(flat % (shape[axis] as number));
    flat = Math.floor(flat / (shape[axis] as number));
  }
  return index;
};

const flatOf = (shape: Shape, index: readonly number[]): number =>
  shape.reduce((flat, size, axis) => flat * size + (index[axis] as number), 0);

for (const [shape, permutation] of [
  [[5], [0]],
  [
    [40, 70],
    [1, 0],
  ],
  [
    [2, 17, 19, 3],
    [0, 3, 1, 2],
  ],
  [
    [2, 3, 17, 19],
    [0, 2, 3, 1],
  ],
  [
    [4, 5, 6],
    [2, 1, 0],
  ],
  [
    [3, 4, 5, 6, 2],
    [4, 0, 3, 1, 2],
  ],
] as [Shape, number[]][]) {
  test(`transpose of [${shape}] by [${permutation}]`, async () => {
    const x = numbers(shape);
    const result = permutation.map((axis) => shape[axis] as number);
    const actual = await applyOp(device, 'transpose', { permutation }, [x], result);
    const expected = x.data.map((_, i) => {
      const index = indexOf(result, i);
      return x.data[
        flatOf(
          shape,
          shape.map((_, axis) => index[permutation.indexOf(axis)] as number),
        )
      ] as number;
    });
    assert.equal(actual, expected);
  });
}

for (const [shape, axes] of [
  [[4], [0]],
  [[3, 4, 5], [0]],
  [[3, 4, 5], [2]],
  [
    [3, 4, 5],
    [0, 2],
  ],
  [[64, 33, 17], [1]],
] as [Shape, number[]][]) {
  test(`broadcast to [${shape}] along [${axes}]`, async () => {
    const kept = shape.filter((_, axis) => !axes.includes(axis));
    const x = numbers(kept);
    const actual = await applyOp(device, 'broadcast', { axes, shape }, [x], shape);
    const expected = Float32Array.from({ length: elements(shape) }, (_, i) => {
      const index = indexOf(shape, i).filter((_, axis) => !axes.includes(axis));
      return x.data[flatOf(kept, index)] as number;
    });
    assert.equal(actual, expected);
  });
}

test('pad, slice and concat move blocks, of either type', async () => {
  const shape = [2, 3, 4];
  const x = { shape, data: Int32Array.from({ length: 24 }, (_, i) => i + 1) };
  const sketch = new Sketch();
  const feed = sketch.feed(shape, 'int32');
  const padded = { ...sketch.place([3, 3, 7]), dtype: 'int32' as const };
  const sliced = { ...sketch.place([2, 2, 3]), dtype: 'int32' as const };
  const joined = { ...sketch.place([2, 2, 6]), dtype: 'int32' as const };
  const program = sketch.program();
  const steps = [
    { op: 'pad', attributes: { before: [1, 0, 1], after: [0, 0, 2] }, inputs: [feed], output: padded, scope: '' },
    { op: 'slice', attributes: { begin: [1, 1, 1], size: [2, 2, 3] }, inputs: [padded], output: sliced, scope: '' },
    { op: 'concat', attributes: { axis: 2 }, inputs: [sliced, sliced], output: joined, scope: '' },
  ] as const;
  const outputs = [padded, joined].map((slot, i) => ({ name: String(i), slot }));
  const { program: id } = await device.load({ ...program, steps, outputs }, []);
  const { outputs: results } = await device.run([{ program: id, feeds: [x.data], fetch: true }], { profile: false });
  const [first, second] = (results[0] ?? []).map((buffer) => new Int32Array(buffer));
  const expected = new Int32Array(3 * 3 * 7);
  x.data.forEach((value, i) => {
    const [a, b, c] = indexOf(shape, i) as [number, number, number];
    expected[flatOf([3, 3, 7], [a + 1, b, c + 1])] = value;
  });
  assert.equal(first, expected);
  assert.equal(
    [...(second as Int32Array)],
    [5, 6, 7, 5, 6, 7, 9, 10, 11, 9, 10, 11, 17, 18, 19, 17, 18, 19, 21, 22, 23, 21, 22, 23],
  );
});

test('upsampleNearest repeats pixels', async () => {
  const x = { shape: [1, 1, 2, 2], data: new Float32Array([1, 2, 3, 4]) };
  assert.equal(
    [...(await applyOp(device, 'upsampleNearest', { scale: 2 }, [x], [1, 2, 4, 2]))],
    [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4],
  );
});

const pool = { size: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] } as const;
const pooledShape = [1, 2, 2, 1];
const image = { shape: [1, 3, 3, 1], data: new Float32Array([1, 2, 3, 4, 9, 9, 7, 8, 6]) };

test('maxPool, its gradient and its gather agree on the first maximum of each window', async () => {
  assert.equal([...(await applyOp(device, 'maxPool', pool, [image], pooledShape))], [9, 9, 9, 9]);
  const dy = { shape: pooledShape, data: new Float32Array([1, 2, 3, 4]) };
  assert.equal(
    [...(await applyOp(device, 'maxPoolGradient', pool, [image, dy], image.shape))],
    [0, 0, 0, 0, 10, 0, 0, 0, 0],
  );
  const ddx = { shape: image.shape, data: new Float32Array([0, 1, 2, 3, 4, 5, 6, 7, 8]) };
  assert.equal([...(await applyOp(device, 'maxPoolGather', pool, [image, ddx], pooledShape))], [4, 4, 4, 4]);
});

test('averagePool does not count padding', async () => {
  assert.equal([...(await applyOp(device, 'averagePool', pool, [image], pooledShape))], [4, 5.75, 7, 8]);
  const dy = { shape: pooledShape, data: new Float32Array([4, 8, 12, 16]) };
  const dx = await applyOp(device, 'averagePoolGradient', { ...pool, inputSize: [3, 3] }, [dy], image.shape);
  assert.equal([...dx], [1, 3, 2, 4, 10, 6, 3, 7, 4]);
});

test('gather, scatterAdd and oneHot look rows up', async () => {
  const table = { shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
  const indices = { shape: [2, 2], data: new Int32Array([2, 0, 2, 1]) };
  const rows = { shape: [2, 2, 2], data: new Float32Array([5, 6, 1, 2, 5, 6, 3, 4]) };
  assert.equal([...(await applyOp(device, 'gather', {}, [table, indices], [2, 2, 2]))], [...rows.data]);
  assert.equal(
    [...(await applyOp(device, 'scatterAdd', { rows: 4 }, [indices, rows], [4, 2]))],
    [1, 2, 3, 4, 10, 12, 0, 0],
  );
  assert.equal(
    [...(await applyOp(device, 'oneHot', { depth: 3 }, [indices], [2, 2, 3]))],
    [0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0],
  );
});

test('constant fills its result', async () => {
  const sketch = new Sketch();
  sketch.output(sketch.step('constant', { value: 2.5 }, [], [3]));
  const [result] = await runOnce(device, sketch, []);
  assert.equal([...(result as Float32Array)], [2.5, 2.5, 2.5]);
});

test.after(() => device.close());
test.run();
