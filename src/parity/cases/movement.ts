import { allReduceSum } from '../../ops/all_reduce.ts';
import * as gannet from '../../ops/index.ts';
import { ops } from '../../ops/rules.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Case, row } from './case.ts';

const REDUCED_AXES: readonly (readonly [Shape, readonly number[], string])[] = [
  [[3, 4, 5], [0], 'the outermost axis'],
  [[3, 4, 5], [1], 'an axis with others on both sides'],
  [[3, 4, 5], [2], 'the innermost axis'],
  [[3, 4, 5], [0, 1], 'neighbouring outer axes: a channel is left'],
  [[3, 4, 5], [1, 2], 'neighbouring inner axes: a sample is left'],
  [[3, 4, 5], [0, 2], 'axes that do not touch'],
  [[3, 4, 5], [0, 1, 2], 'everything, to a scalar'],
  [[2, 3, 4, 3], [0, 2], 'axes that do not touch, rank 4'],
  [[2, 3, 4, 3], [1, 3], 'axes that do not touch, the innermost among them'],
  [[5, 3, 3, 33], [0, 1, 2], 'more channels than a vector holds'],
  [[2, 131], [1], 'a long row that no vector width divides'],
  [[6, 1], [0], 'one channel'],
  [[1, 1], [0, 1], 'a single number'],
];

const BROADCASTS: readonly (readonly [Shape, readonly number[], Shape, string])[] = [
  [[5], [0, 1], [3, 4, 5], 'per channel'],
  [[3], [1, 2], [3, 4, 5], 'per sample'],
  [[], [0, 1], [2, 7], 'a scalar'],
  [[3, 5], [1], [3, 4, 5], 'into the middle'],
  [[4], [0, 2], [3, 4, 5], 'on both sides'],
  [[2, 3], [1, 3], [2, 4, 3, 2], 'interleaved axes, rank 4'],
  [[3], [0], [1, 3], 'a new axis of size 1'],
];

const PERMUTATIONS: readonly (readonly [Shape, readonly number[], string])[] = [
  [[3, 5], [1, 0], 'a matrix'],
  [[17, 33], [1, 0], 'a matrix larger than a tile, odd'],
  [[2, 3, 4], [0, 2, 1], 'the inner axes'],
  [[2, 3, 4], [1, 0, 2], 'the outer axes: rows stay whole'],
  [[2, 3, 4], [2, 1, 0], 'a reversal'],
  [[2, 3, 4], [1, 2, 0], 'a rotation, whose inverse is another permutation'],
  [[2, 3, 5, 4], [0, 3, 1, 2], 'NHWC to NCHW'],
  [[2, 4, 3, 5], [0, 2, 3, 1], 'NCHW to NHWC'],
  [[2, 3, 1, 2, 2], [4, 0, 2, 3, 1], 'rank 5'],
];

const SLICES: readonly (readonly [Shape, readonly number[], Shape, string])[] = [
  [[7], [2], [3], 'rank 1'],
  [[4, 5], [1, 2], [2, 3], 'inside on every side'],
  [[3, 4, 5], [0, 1, 0], [3, 2, 5], 'only a middle axis'],
  [[2, 5, 4, 3], [1, 2, 0, 1], [1, 3, 4, 1], 'rank 4, one channel left'],
];

const PADS: readonly (readonly [Shape, readonly number[], readonly number[], string])[] = [
  [[3], [2], [1], 'rank 1'],
  [[2, 3], [0, 1], [3, 0], 'a different side of each axis'],
  [[2, 3, 2, 3], [0, 1, 2, 0], [0, 2, 1, 0], 'around images'],
  [[2, 2, 3], [1, 0, 2], [0, 0, 1], 'channels too'],
];

const REDUCTIONS = { reduceSum: gannet.reduceSum, reduceMax: gannet.reduceMax };

const list = (numbers: readonly number[]): string => `[${numbers}]`;

/** Reductions, broadcasts and everything that only moves elements. */
export const movementCases: readonly Case[] = [
  ...(['reduceSum', 'reduceMax'] as const).flatMap((op) =>
    REDUCED_AXES.map(([shape, axes, why]) =>
      row({
        op,
        detail: `${list(shape)} over ${list(axes)}`,
        why,
        inputs: { x: { shape } },
        build: ({ x }) => REDUCTIONS[op](x, axes),
      }),
    ),
  ),
  ...BROADCASTS.map(([from, axes, shape, why]) =>
    row({
      op: 'broadcast',
      detail: `${list(from)} to ${list(shape)}`,
      why,
      inputs: { x: { shape: from } },
      build: ({ x }) => gannet.broadcast(x, axes, shape),
    }),
  ),
  ...PERMUTATIONS.map(([shape, permutation, why]) =>
    row({
      op: 'transpose',
      detail: `${list(shape)} by ${list(permutation)}`,
      why,
      inputs: { x: { shape } },
      build: ({ x }) => gannet.transpose(x, permutation),
    }),
  ),
  ...SLICES.map(([shape, begin, size, why]) =>
    row({
      op: 'slice',
      detail: `${list(shape)} from ${list(begin)}`,
      why,
      inputs: { x: { shape } },
      build: ({ x }) => gannet.slice(x, begin, size),
    }),
  ),
  ...PADS.map(([shape, before, after, why]) =>
    row({
      op: 'pad',
      detail: `${list(shape)} by ${list(before)} and ${list(after)}`,
      why,
      inputs: { x: { shape } },
      build: ({ x }) => gannet.pad(x, before, after),
    }),
  ),
  row({
    op: 'reshape',
    detail: '[2,3,4] to [6,4]',
    why: 'shares memory with its input',
    inputs: { x: { shape: [2, 3, 4] } },
    build: ({ x }) => gannet.reshape(x, [6, 4]),
  }),
  row({
    op: 'reshape',
    detail: 'between a transpose and its reversal',
    why: 'a view of something that was just written',
    inputs: { x: { shape: [3, 4] } },
    build: ({ x }) => gannet.transpose(gannet.reshape(gannet.transpose(x, [1, 0]), [3, 4]), [1, 0]),
  }),
  row({
    op: 'concat',
    detail: 'of channels',
    why: 'parts of different widths along the innermost axis',
    inputs: { a: { shape: [2, 3, 2, 3] }, b: { shape: [2, 3, 2, 1] }, c: { shape: [2, 3, 2, 4] } },
    build: ({ a, b, c }) => gannet.concat([a, b, c], 3),
  }),
  row({
    op: 'concat',
    detail: 'of batches',
    why: 'parts that follow each other in memory',
    inputs: { real: { shape: [3, 5] }, fake: { shape: [2, 5] } },
    build: ({ real, fake }) => gannet.concat([real, fake], 0),
  }),
  row({
    op: 'concat',
    detail: 'along a middle axis, one tensor twice',
    why: 'two gradients land on one input',
    inputs: { a: { shape: [2, 2, 3] }, b: { shape: [2, 1, 3] } },
    build: ({ a, b }) => gannet.concat([a, b, a], 1),
  }),
  row({
    op: 'constant',
    detail: 'as a summand',
    why: 'a tensor that depends on nothing',
    inputs: { x: { shape: [3, 3] } },
    build: ({ x }) => gannet.add(gannet.square(x), gannet.fill(0.75, [3, 3])),
  }),
];

const MATRICES: readonly (readonly [m: number, k: number, n: number, why: string])[] = [
  [3, 5, 7, 'odd sizes'],
  [1, 6, 4, 'one row, as a batch of one'],
  [4, 6, 1, 'one column, as a critic ends'],
  [4, 1, 3, 'an outer product'],
  [33, 19, 17, 'larger than a tile, odd'],
];

/** Matrix products in every transposition, and lookups. */
export const lookupCases: readonly Case[] = [
  ...MATRICES.flatMap(([m, k, n, why]) =>
    [false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) =>
        row({
          op: 'matmul',
          detail: `${m}x${k}x${n}${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`,
          why,
          inputs: { a: { shape: transposeA ? [k, m] : [m, k] }, b: { shape: transposeB ? [n, k] : [k, n] } },
          build: ({ a, b }) => gannet.matmul(a, b, { transposeA, transposeB }),
        }),
      ),
    ),
  ),
  row({
    op: 'matmul',
    detail: 'of a matrix with itself transposed',
    why: 'both gradients land on one input',
    inputs: { x: { shape: [4, 3] } },
    build: ({ x }) => gannet.matmul(x, x, { transposeB: true }),
  }),
  row({
    op: 'gather',
    detail: 'repeated indices',
    why: 'the gradients of a row that is read several times add up; a row that is never read gets zero',
    inputs: { table: { shape: [5, 3] }, indices: { shape: [6], dtype: 'int32', values: [4, 0, 4, 1, 4, 0] } },
    build: ({ table, indices }) => gannet.embedding(table, indices),
  }),
  row({
    op: 'gather',
    detail: 'indices of rank 2',
    why: 'the result has the axes of the indices and one more',
    inputs: { table: { shape: [4, 2] }, indices: { shape: [2, 3], dtype: 'int32', low: 0, high: 3 } },
    build: ({ table, indices }) => gannet.embedding(table, indices),
  }),
  row({
    op: 'scatterAdd',
    detail: 'repeated indices',
    why: 'an op of its own once gradients are differentiated',
    inputs: { indices: { shape: [5], dtype: 'int32', values: [2, 2, 0, 2, 3] }, dy: { shape: [5, 4] } },
    build: ({ indices, dy }) => ops.scatterAdd({ rows: 6 }, indices, dy),
  }),
  row({
    op: 'allReduce',
    detail: '[3,5]',
    why: 'a process that trains alone: its own numbers',
    inputs: { x: { shape: [3, 5] } },
    build: ({ x }) => allReduceSum(gannet.square(x)),
  }),
  row({
    op: 'allReduce',
    detail: 'a scalar',
    why: 'a loss',
    inputs: { x: { shape: [] } },
    build: ({ x }) => allReduceSum(x),
  }),
  row({
    op: 'cholesky',
    detail: '[6,6] definite',
    why: 'the factor of a covariance of more samples than dimensions',
    inputs: { samples: { shape: [11, 6] } },
    build: ({ samples }) => gannet.cholesky(gannet.matmul(samples, samples, { transposeA: true })),
    differentiable: [],
  }),
  row({
    op: 'cholesky',
    detail: '[5,5] of rank 3',
    why: 'a covariance of fewer samples than dimensions: dependent columns are zero, not NaN',
    inputs: { samples: { shape: [3, 5] } },
    build: ({ samples }) => gannet.cholesky(gannet.matmul(samples, samples, { transposeA: true })),
    differentiable: [],
  }),
  row({
    op: 'truncate',
    detail: '[3,7]',
    why: 'numbers on both sides of zero; a length that no vector width divides',
    inputs: { x: { shape: [3, 7], low: -5, high: 5 } },
    build: ({ x }) => ops.truncate({}, x),
    differentiable: [],
  }),
  row({
    op: 'truncate',
    detail: '[4] with NaN',
    why: 'whole numbers stay, what lies just below one does not become it, and NaN is 0',
    inputs: { x: { shape: [4], values: [3, -3, 2.9999998, Number.NaN] } },
    build: ({ x }) => ops.truncate({}, x),
    differentiable: [],
  }),
  row({
    op: 'truncate',
    detail: 'at the ends',
    why: 'what int32 does not hold ends at its limits',
    inputs: { x: { shape: [3], values: [3e9, -3e9, 2 ** 31] } },
    build: ({ x }) => ops.truncate({}, x),
    differentiable: [],
  }),
  row({
    op: 'oneHot',
    detail: '[7] of depth 5',
    why: 'the first and the last class',
    inputs: { labels: { shape: [7], dtype: 'int32', values: [0, 4, 2, 2, 1, 3, 0] } },
    build: ({ labels }) => gannet.oneHot(labels, 5),
    differentiable: [],
  }),
];
