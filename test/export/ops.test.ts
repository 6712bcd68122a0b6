import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExportContent, ExportFormat } from '../../src/export/format.ts';
import { onnxFormat } from '../../src/export/onnx/format.ts';
import { freeze } from '../../src/export/portable/freeze.ts';
import { type Layout, nodesOf, type PortableOp, permuted } from '../../src/export/portable/graph.ts';
import { pytorchFormat } from '../../src/export/pytorch/format.ts';
import { tfjsFormat } from '../../src/export/tfjs/format.ts';
import { zeros } from '../../src/nn/initializers.ts';
import { parameter } from '../../src/nn/layer.ts';
import * as ops from '../../src/ops/index.ts';
import { evaluate } from '../../src/oracle/evaluate.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { testsOf } from './runtimes.ts';

/** Height, width and channels: no two alike, so that axes that change places show. */
const IMAGE = [5, 6, 2] as const;

/** Of about -1.5 to 1.5, with some zeros. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.round(6 * Math.sin(seed + 12.9898 * i)) / 4);

const variables: Variable[] = [];
const variable = (...shape: number[]): Variable => {
  const made = parameter(`v${variables.length}`, shape, zeros);
  variables.push(made);
  return made;
};
const valuesOf = ({ name, shape }: Variable): Float32Array => numbers(elements(shape), name.charCodeAt(1));

const [bias, tall, wide, ofMaps] = [variable(2), variable(60, 4), variable(4, 60), variable(90, 4)];
const filters = {
  of3: variable(3, 3, 3, 2),
  of4x2: variable(3, 4, 2, 2),
  back3: variable(3, 3, 3, 2),
  back5: variable(3, 5, 5, 2),
  back1: variable(3, 1, 2, 2),
};

const positive = (x: Tensor): Tensor => ops.add(ops.abs(x), 0.5);
const perImage = (x: Tensor): Tensor => ops.perSample(ops.reduceSum(x, [1, 2, 3]), x.shape);

/** What each op that an export may hold is tried with. */
const CASES: { readonly [K in Exclude<PortableOp, 'input' | 'weights'>]: (x: Tensor) => readonly Tensor[] } = {
  neg: (x) => [ops.neg(x)],
  abs: (x) => [ops.abs(x)],
  sign: (x) => [ops.sign(x)],
  step: (x) => [ops.step(x)],
  exp: (x) => [ops.exp(x)],
  log: (x) => [ops.log(positive(x))],
  sqrt: (x) => [ops.sqrt(positive(x))],
  reciprocal: (x) => [ops.reciprocal(positive(x))],
  tanh: (x) => [ops.tanh(x)],
  sigmoid: (x) => [ops.sigmoid(x)],
  softplus: (x) => [ops.softplus(ops.mul(x, 20))],
  relu: (x) => [ops.relu(x)],
  leakyRelu: (x) => [ops.leakyRelu(x, 0.3)],
  elu: (x) => [ops.elu(x), ops.elu(x, 0.7)],
  add: (x) => [ops.add(x, ops.perChannel(read(bias), x.shape)), ops.add(x, perImage(x))],
  sub: (x) => [ops.sub(x, ops.perChannel(read(bias), x.shape)), ops.sub(1, x)],
  mul: (x) => [ops.mul(x, perImage(x))],
  div: (x) => [ops.div(x, positive(perImage(x))), ops.div(2, positive(x))],
  maximum: (x) => [ops.maximum(x, 0.25), ops.maximum(x, ops.neg(x))],
  minimum: (x) => [ops.minimum(x, 0.25), ops.minimum(x, ops.neg(x))],
  greater: (x) => [ops.greater(x, 0.25)],
  equal: (x) => [ops.equal(x, 0.25), ops.equal(x, ops.abs(x))],
  select: (x) => [ops.select(ops.greater(x, 0.25), x, ops.neg(x))],
  reduceSum: (x) => [[1], [2], [3], [1, 2], [1, 3], [1, 2, 3]].map((axes) => ops.reduceSum(onMaps(x), axes)),
  reduceMax: (x) => [[1], [2], [3], [1, 2]].map((axes) => ops.reduceMax(onMaps(x), axes)),
  reshape: (x) => {
    const [n] = x.shape as [number];
    // The batch is another axis of the result.
    const imagesLast = ops.reshape(ops.transpose(ops.flatten(x), [1, 0]), [3, 20, n]);
    return [ops.matmul(ops.flatten(onMaps(x)), read(ofMaps)), ops.transpose(imagesLast, [2, 0, 1])];
  },
  expand: (x) => [
    ops.concat([x, perImage(x)], 3),
    ops.concat([x, ops.broadcast(ops.reduceSum(x, [1]), [1], x.shape)], 1),
  ],
  transpose: (x) => [ops.transpose(x, [0, 2, 1, 3]), ops.transpose(onMaps(x), [0, 3, 1, 2])],
  concat: (x) => [ops.concat([onMaps(x), onMaps(ops.neg(x))], 3), ops.concat([x, ops.exp(x)], 1)],
  pad: (x) => [ops.pad(x, [0, 1, 2, 0], [0, 3, 0, 1]), ops.pad(onMaps(x), [0, 1, 2, 0], [0, 3, 0, 1])],
  slice: (x) => {
    const [n] = x.shape as [number];
    return [ops.slice(x, [0, 1, 2, 1], [n, 3, 4, 1]), ops.slice(onMaps(x), [0, 1, 2, 0], [n, 4, 3, 2])];
  },
  matmul: (x) => {
    const flat = ops.flatten(x);
    return [
      ops.matmul(flat, read(tall)),
      ops.matmul(flat, read(wide), { transposeB: true }),
      ops.matmul(ops.transpose(flat, [1, 0]), read(tall), { transposeA: true }),
    ];
  },
  conv2d: (x) => [
    onMaps(x),
    ops.conv2d(x, read(filters.of3), { stride: 2 }),
    ops.conv2d(x, read(filters.of4x2), { stride: [1, 2] }),
    ops.conv2d(x, read(filters.of3), { padding: 'valid' }),
    ops.conv2d(x, read(filters.of3), { padding: [1, 0, 2, 1] }),
  ],
  conv2dInputGradient: (x) => {
    const maps = onMaps(x);
    return [
      ops.conv2dTranspose(maps, read(filters.back3), { stride: 2 }),
      ops.conv2dTranspose(maps, read(filters.back5), { stride: 2 }),
      ops.conv2dTranspose(maps, read(filters.back5), { stride: [2, 3], outputSize: [9, 16] }),
      ops.conv2dTranspose(maps, read(filters.back3)),
      ops.conv2dTranspose(maps, read(filters.back5), { stride: 2, padding: [3, 1, 2, 0], outputSize: [9, 13] }),
      // A stride above the kernel leaves rows and columns that no window reaches.
      ops.conv2dTranspose(maps, read(filters.back1), { stride: [3, 4] }),
    ];
  },
  // All below 0, where a border of zeros would win.
  maxPool: (x) => [
    ops.maxPool(ops.sub(x, 3), 2, { stride: 2 }),
    ops.maxPool(ops.sub(x, 3), 3, { stride: 2, padding: 'same' }),
  ],
  averagePool: (x) => [ops.averagePool(x, 2, { stride: 2 }), ops.averagePool(x, 3, { stride: 2, padding: 'same' })],
  upsampleNearest: (x) => [ops.upsampleNearest(x), ops.upsampleNearest(x, 3)],
};
/** Feature maps [N,5,6,3], computed with channels first where an export has them so. */
const onMaps = (x: Tensor): Tensor => ops.conv2d(x, read(filters.of3));

const NAMES = Object.keys(CASES) as (keyof typeof CASES)[];
const COUNT = 3;
const images = numbers(COUNT * elements(IMAGE), 7);

/** The results of each case, image by image. */
const resultsOf = (x: Tensor): readonly Tensor[] => NAMES.map((name) => ops.concat(CASES[name](x).map(ops.flatten), 1));

/** All of them behind one another, for one output. */
const traceAll = (batch: number): Graph =>
  trace('ops', () => ({ y: ops.concat(resultsOf(feed('x', [batch, ...IMAGE])), 1) }));

async function expectedResults(): Promise<readonly Float64Array[]> {
  const bindings = Object.fromEntries(variables.map((each) => [each.name, Float64Array.from(valuesOf(each))]));
  const graph = trace('ops', () => Object.fromEntries(resultsOf(feed('x', [COUNT, ...IMAGE])).entries()));
  return evaluate(Object.values(graph.outputs), { ...bindings, x: Float64Array.from(images) });
}

const weights = async (name: string): Promise<Float32Array> =>
  valuesOf(variables.find((each) => each.name === name) as Variable);

const contentFor = (layout: Layout): ExportContent => ({
  network: { name: 'discriminator', input: 'images', output: 'y', trace: traceAll },
  description: {
    ...{ gannet: '0', recipe: 'ops', step: 0, network: 'discriminator', averaged: false },
    ...{ image: IMAGE, latent: { size: 1, distribution: 'normal' } },
  },
  config: {} as never,
  trainable: new Set(variables.map(({ name }) => name)),
  layout,
  openSpace: () => assert.unreachable() as never,
  freeze: (how) => freeze(traceAll, weights, how),
});

/** The largest difference of each case that differs, relative to its largest number above 1. */
async function differences(format: ExportFormat, layout: Layout, path: string): Promise<Record<string, number>> {
  const content = contentFor(layout);
  await format.write(path, content);
  const runtime = await format.open(path, content);
  const shape = [COUNT, ...IMAGE];
  const inOrder = layout === 'NCHW' ? [0, 3, 1, 2] : [0, 1, 2, 3];
  const x = { data: permuted(images, shape, inOrder), shape: inOrder.map((axis) => shape[axis] as number) };
  const output = await runtime.run({ x }).finally(() => runtime.close());
  const expected = await expectedResults();
  const width = output.data.length / COUNT;
  let first = 0;
  const worst: Record<string, number> = {};
  for (const [i, results] of expected.entries()) {
    const columns = results.length / COUNT;
    const most = results.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const apart = results.map((value, at) => {
      const place = Math.floor(at / columns) * width + first + (at % columns);
      return Math.abs((output.data[place] as number) - value) / most;
    });
    // NaN is no small difference.
    if (!apart.every((difference) => difference < 1e-5)) worst[NAMES[i] as string] = Math.max(...apart);
    first += columns;
  }
  assert.is(first, width);
  return worst;
}

test('the cases hold every op in a form that an export has', async () => {
  for (const fold of [false, true]) {
    const held = new Set(nodesOf(await freeze(traceAll, weights, { fold })).map(({ op }) => op));
    assert.equal(
      NAMES.filter((name) => !held.has(name)),
      [],
    );
  }
});

for (const layout of ['NCHW', 'NHWC'] as const) {
  testsOf('onnx', (run) =>
    run(`onnxruntime computes every op as gannet does, with images ${layout}`, async () => {
      assert.equal(await differences(onnxFormat, layout, join(temporaryFolder(), 'ops.onnx')), {});
    }),
  );
}

testsOf('tfjs', (run) =>
  run('tfjs computes every op as gannet does', async () => {
    assert.equal(await differences(tfjsFormat, 'NHWC', temporaryFolder()), {});
  }),
);

testsOf('pytorch', (run) =>
  run('PyTorch computes every op as gannet does', async () => {
    assert.equal(await differences(pytorchFormat, 'NCHW', temporaryFolder()), {});
  }),
);

test.run();
