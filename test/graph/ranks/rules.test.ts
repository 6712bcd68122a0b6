import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../../src/graph/index.ts';
import { spreadRules } from '../../../src/graph/ranks/rules.ts';
import { ancestors, roots } from '../../../src/graph/walk.ts';
import { zeros } from '../../../src/nn/initializers.ts';
import * as ops from '../../../src/ops/index.ts';
import { sums } from '../../../src/ops/statistics.ts';
import { evaluate } from '../../../src/oracle/evaluate.ts';
import { inputValues } from '../../../src/parity/cases/case.ts';
import { type OpName, SCALAR_FUNCTIONS } from '../../../src/tensor/operators.ts';
import type { DType, Shape } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../../../src/tensor/trace.ts';
import { computeInStep, type Values } from './in_step.ts';

/** A batch of 8 images, 4 at a time: an update takes it in two blocks. */
const N = 8;
const BLOCK = 4;

/** An op on what ranks hold in part. */
interface Row {
  readonly op: OpName;
  readonly of: string;
  readonly build: () => Tensor;
  /** The shape of the op's result on each of two ranks. */
  readonly part: Shape;
  /** The shapes of all sums over two ranks: those that the op needs, then the one that makes its result whole. */
  readonly summed: readonly Shape[];
}

/** Rows of images, of which each rank has its own. */
const images = (...shape: number[]): Tensor => feed(`images ${shape}`, [N, ...shape]);
/** The same with a column for each image: [features, N]. */
const columns = (features: number): Tensor => ops.transpose(images(features), [1, 0]);
const classes = (): Tensor => feed('classes', [N], 'int32');

const variable = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor =>
  read({ name, shape, dtype, initializer: zeros, trainable: true });
/** What every rank has as a whole. */
const weights = (...shape: number[]): Tensor => variable(`weights ${shape}`, shape);
const chosen = (): Tensor => variable('chosen', [5], 'int32');
const state = (): Tensor => variable('state', [2], 'int32');

/** The gradient in x of a sum of y that is weighted, so that no two elements of y have the same. */
const gradientOf = (y: Tensor, x: Tensor, weight = weights(...y.shape)): Tensor =>
  gradients(ops.reduceSum(ops.mul(y, weight)), [x])[0] as Tensor;

const filterGradient = (x: Tensor, w: Tensor): Tensor => gradientOf(ops.conv2d(x, w), w, images(4, 4, 3));
const poolGradient = (pool: typeof ops.maxPool): Tensor =>
  gradientOf(pool(images(4, 4, 2), 2, { stride: 2 }), images(4, 4, 2), images(2, 2, 2));
const rowGradient = (indices: Tensor, rows: Tensor): Tensor => {
  const table = weights(5, rows.shape[1] as number);
  return gradientOf(ops.embedding(table, indices), table, rows);
};

const stacked = ({ mean, variance }: ops.Moments): Tensor => ops.concat([mean, variance], 0);
const covariance = (x: Tensor): Tensor => ops.add(ops.matmul(x, x, { transposeA: true }), variable('diagonal', [3, 3]));

/** An op that makes something of `shape` of each image by itself. */
const ofImages = (op: OpName, shape: Shape, build: () => Tensor): Row => ({
  op,
  of: 'images',
  build,
  part: [N / 2, ...shape],
  summed: [[N, ...shape]],
});

const ROWS: readonly Row[] = [
  ofImages('tanh', [3], () => ops.tanh(images(3))),
  {
    op: 'mul',
    of: 'images and what is whole',
    build: () => ops.mul(images(3), weights(8, 3)),
    part: [4, 3],
    summed: [[8, 3]],
  },
  {
    op: 'select',
    of: 'three',
    build: () => ops.select(images(3), images(3), weights(8, 3)),
    part: [4, 3],
    summed: [[8, 3]],
  },
  { op: 'reduceSum', of: 'the batch', build: () => ops.reduceSum(images(3), [0]), part: [3], summed: [[3]] },
  { op: 'reduceSum', of: 'features', build: () => ops.reduceSum(images(3), [1]), part: [4], summed: [[8]] },
  {
    op: 'reduceSum',
    of: 'features before images',
    build: () => ops.reduceSum(columns(3), [0]),
    part: [4],
    summed: [[8]],
  },
  { op: 'reduceMax', of: 'the batch', build: () => ops.reduceMax(images(3), [0]), part: [3], summed: [[8, 3]] },
  { op: 'reduceMax', of: 'features', build: () => ops.reduceMax(images(3), [1]), part: [4], summed: [[8]] },
  {
    op: 'reduceMax',
    of: 'features before images',
    build: () => ops.reduceMax(columns(3), [0]),
    part: [4],
    summed: [[8]],
  },
  {
    op: 'moments',
    of: 'the batch',
    build: () => stacked(ops.moments(images(3), [0])),
    part: [2, 3],
    summed: [[3], [3]],
  },
  {
    op: 'moments',
    of: 'features',
    build: () => stacked(ops.moments(images(3), [1])),
    part: [2, 4],
    summed: [[16]],
  },
  {
    op: 'sums',
    of: 'the batch',
    build: () => sums([images(3), ops.tanh(images(3))], [0])[1] as Tensor,
    part: [2, 3],
    summed: [[2, 3]],
  },
  {
    op: 'sums',
    of: 'features',
    build: () => sums([images(3), ops.tanh(images(3))], [1])[1] as Tensor,
    part: [2, 4],
    summed: [[8]],
  },
  {
    op: 'broadcast',
    of: 'a number for each image',
    build: () => ops.broadcast(images(), [1], [8, 5]),
    part: [4, 5],
    summed: [[8, 5]],
  },
  {
    op: 'broadcast',
    of: 'images to more rows',
    build: () => ops.broadcast(images(3), [0], [5, 8, 3]),
    part: [5, 4, 3],
    summed: [[5, 8, 3]],
  },
  {
    op: 'reshape',
    of: 'features',
    build: () => ops.reshape(images(6), [8, 2, 3]),
    part: [4, 2, 3],
    summed: [[8, 2, 3]],
  },
  { op: 'reshape', of: 'all to one axis', build: () => ops.reshape(images(3), [24]), part: [12], summed: [[24]] },
  {
    op: 'reshape',
    of: 'images to blocks of them',
    build: () => ops.reshape(images(3), [2, 4, 3]),
    part: [2, 2, 3],
    summed: [[2, 4, 3]],
  },
  {
    op: 'reshape',
    of: 'a block to a row',
    build: () => ops.reshape(images(3), [2, 12]),
    part: [2, 6],
    summed: [[2, 12]],
  },
  {
    op: 'reshape',
    of: 'a row of columns to one axis',
    build: () => ops.reshape(columns(3), [24]),
    part: [12],
    summed: [[24]],
  },
  {
    op: 'reshape',
    of: 'what cuts through the images',
    build: () => ops.reshape(images(3), [3, 8]),
    part: [3, 8],
    summed: [[8, 3]],
  },
  {
    op: 'transpose',
    of: 'images',
    build: () => ops.transpose(images(2, 3), [2, 0, 1]),
    part: [3, 4, 2],
    summed: [[3, 8, 2]],
  },
  { op: 'concat', of: 'features', build: () => ops.concat([images(3), images(2)], 1), part: [4, 5], summed: [[8, 5]] },
  {
    op: 'concat',
    of: 'features of what is whole',
    build: () => ops.concat([images(3), weights(8, 2)], 1),
    part: [4, 5],
    summed: [[8, 5]],
  },
  {
    op: 'concat',
    of: 'batches',
    build: () => ops.concat([images(3), weights(4, 3), images(3)], 0),
    part: [10, 3],
    summed: [[20, 3]],
  },
  {
    op: 'concat',
    of: 'what has no part for each rank',
    build: () => ops.concat([images(3), weights(3, 3)], 0),
    part: [11, 3],
    summed: [[8, 3]],
  },
  { op: 'slice', of: 'features', build: () => ops.slice(images(3), [0, 1], [8, 2]), part: [4, 2], summed: [[8, 2]] },
  { op: 'slice', of: 'a block', build: () => ops.slice(images(3), [4, 0], [4, 3]), part: [2, 3], summed: [[4, 3]] },
  {
    op: 'slice',
    of: 'what begins within a block',
    build: () => ops.slice(images(3), [2, 0], [4, 3]),
    part: [4, 3],
    summed: [[8, 3]],
  },
  {
    op: 'slice',
    of: 'what ends within a block',
    build: () => ops.slice(images(3), [0, 0], [6, 3]),
    part: [6, 3],
    summed: [[8, 3]],
  },
  { op: 'pad', of: 'features', build: () => ops.pad(images(3), [0, 1], [0, 2]), part: [4, 6], summed: [[8, 6]] },
  { op: 'pad', of: 'whole blocks', build: () => ops.pad(images(3), [4, 0], [8, 0]), part: [10, 3], summed: [[20, 3]] },
  {
    op: 'pad',
    of: 'less than a block before',
    build: () => ops.pad(images(3), [2, 0], [4, 0]),
    part: [14, 3],
    summed: [[8, 3]],
  },
  {
    op: 'pad',
    of: 'less than a block behind',
    build: () => ops.pad(images(3), [4, 0], [2, 0]),
    part: [14, 3],
    summed: [[8, 3]],
  },
  { op: 'matmul', of: 'rows', build: () => ops.matmul(images(3), weights(3, 5)), part: [4, 5], summed: [[8, 5]] },
  {
    op: 'matmul',
    of: 'columns',
    build: () => ops.matmul(weights(5, 3), images(3), { transposeB: true }),
    part: [5, 4],
    summed: [[5, 8]],
  },
  {
    op: 'matmul',
    of: 'rows and columns',
    build: () => ops.matmul(images(3), images(3), { transposeB: true }),
    part: [4, 8],
    summed: [
      [8, 3],
      [8, 8],
    ],
  },
  {
    op: 'matmul',
    of: 'a sum over images',
    build: () => ops.matmul(images(3), images(2), { transposeA: true }),
    part: [3, 2],
    summed: [[3, 2]],
  },
  {
    op: 'matmul',
    of: 'a sum over images by what is whole',
    build: () => ops.matmul(weights(5, 8), images(2)),
    part: [5, 2],
    summed: [[5, 2]],
  },
  ofImages('conv2d', [4, 4, 3], () => ops.conv2d(images(4, 4, 2), weights(3, 3, 3, 2))),
  ofImages('conv2dInputGradient', [4, 4, 3], () => ops.conv2dTranspose(images(4, 4, 2), weights(2, 3, 3, 3))),
  {
    op: 'conv2dFilterGradient',
    of: 'images',
    build: () => filterGradient(images(4, 4, 2), weights(3, 3, 3, 2)),
    part: [3, 3, 3, 2],
    summed: [[3, 3, 3, 2]],
  },
  ofImages('maxPool', [2, 2, 2], () => ops.maxPool(images(4, 4, 2), 2, { stride: 2 })),
  ofImages('maxPoolGradient', [4, 4, 2], () => poolGradient(ops.maxPool)),
  ofImages('maxPoolGather', [2, 2, 2], () => gradientOf(poolGradient(ops.maxPool), images(2, 2, 2))),
  ofImages('averagePool', [2, 2, 2], () => ops.averagePool(images(4, 4, 2), 2, { stride: 2 })),
  ofImages('averagePoolGradient', [4, 4, 2], () => poolGradient(ops.averagePool)),
  ofImages('upsampleNearest', [4, 4, 3], () => ops.upsampleNearest(images(2, 2, 3))),
  {
    op: 'gather',
    of: 'rows for images',
    build: () => ops.embedding(weights(5, 3), classes()),
    part: [4, 3],
    summed: [[8, 3]],
  },
  {
    op: 'gather',
    of: 'images as rows',
    build: () => ops.embedding(images(3), chosen()),
    part: [5, 3],
    summed: [[8, 3]],
  },
  {
    op: 'scatterAdd',
    of: 'rows of images',
    build: () => rowGradient(classes(), images(3)),
    part: [5, 3],
    summed: [[5, 3]],
  },
  {
    op: 'scatterAdd',
    of: 'rows with a column for each image',
    build: () => rowGradient(chosen(), ops.broadcast(images(), [0], [5, 8])),
    part: [5, 8],
    summed: [[5, 8]],
  },
  ofImages('oneHot', [5], () => ops.oneHot(classes(), 5)),
  {
    op: 'truncate',
    of: 'images',
    build: () => ops.oneHot(ops.truncate(ops.mul(4.9, ops.sigmoid(images(3)))), 5),
    part: [4, 3],
    summed: [[8, 3, 5]],
  },
  {
    op: 'randomNormal',
    of: 'a row for each image',
    build: () => ops.tanh(ops.randomNormal(state(), [8, 3])),
    part: [8, 3],
    summed: [[8, 3]],
  },
  {
    op: 'reduceMax',
    of: 'random numbers, which every rank has drawn',
    build: () => ops.reduceMax(ops.randomNormal(state(), [8, 3]), [0]),
    part: [3],
    summed: [],
  },
  {
    op: 'cholesky',
    of: 'what has no rule',
    build: () => ops.cholesky(covariance(images(3))),
    part: [3, 3],
    summed: [[3, 3]],
  },
];

const titleOf = ({ op, of }: Row): string => `${op} of ${of}`;

for (const row of ROWS) {
  const { build, op, part, summed } = row;
  const graph = trace(titleOf(row), () => ({ result: build() }));
  const values = valuesOf(graph);
  const [expected] = evaluate([graph.outputs.result], values) as [Float64Array];

  for (const ranks of [2, 4]) {
    test(`${titleOf(row)}: ${ranks} ranks compute together what one does`, () => {
      for (const { result } of computeInStep(graph, values, ranks, BLOCK).outputs)
        expectClose(result as Float64Array, expected);
    });
  }

  test(`${titleOf(row)}: each of two ranks computes its part, and they sum no more than they must`, () => {
    const shared = computeInStep(graph, values, 2, BLOCK);
    for (const own of shared.graphs) {
      const computed = ancestors(roots(own)).filter((node) => node.op === op);
      assert.ok(
        computed.some(({ shape }) => String(shape) === String(part)),
        `${computed.map(({ shape }) => `[${shape}]`)}`,
      );
    }
    assert.equal(shared.summed, summed);
  });
}

test('every op with a rule has a row', () => {
  const scalars = Object.keys(SCALAR_FUNCTIONS);
  const missing = Object.keys(spreadRules).filter((op) => !scalars.includes(op) && !ROWS.some((row) => row.op === op));
  assert.equal(missing, []);
});

function expectClose(values: Float64Array, expected: Float64Array): void {
  assert.is(values.length, expected.length);
  for (const [i, value] of values.entries()) {
    const limit = 1e-9 * Math.max(1, Math.abs(expected[i] as number));
    assert.ok(Math.abs(value - (expected[i] as number)) <= limit, `${i}: ${value} and not ${expected[i]}`);
  }
}

/** Different numbers for everything that the graph reads; indices from 0 to 4. */
function valuesOf({ feeds, variables }: Graph): Values {
  const leaves = [...feeds.map(({ attributes: { name }, shape, dtype }) => ({ name, shape, dtype })), ...variables];
  return Object.fromEntries(
    leaves.map(({ name, shape, dtype }, position) => [
      name,
      inputValues({ shape, dtype, ...(dtype === 'int32' && { low: 0, high: 4 }) }, position),
    ]),
  );
}

test.run();
