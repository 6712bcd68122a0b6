import * as gannet from '../../ops/index.ts';
import { ops } from '../../ops/rules.ts';
import { type Case, row } from './case.ts';

/** Sizes at which devices split work over threads and choose other algorithms: too slow for tfjs, a moment for the oracle. */
export const largeCases: readonly Case[] = [
  row({
    op: 'conv2d',
    detail: 'large: [4,32,32,3] by [32,5,5,3] stride 2',
    why: 'the first layer of a discriminator: 3 channels, many places',
    inputs: { x: { shape: [4, 32, 32, 3] }, w: { shape: [32, 5, 5, 3], low: -0.1, high: 0.1 } },
    build: ({ x, w }) => gannet.conv2d(x, w, { stride: 2 }),
  }),
  row({
    op: 'conv2d',
    detail: 'large: [33,8,8,32] by [48,5,5,32] stride 2',
    why: 'a deep layer: few places, many channels, a batch that no tile divides',
    inputs: { x: { shape: [33, 8, 8, 32] }, w: { shape: [48, 5, 5, 32], low: -0.1, high: 0.1 } },
    build: ({ x, w }) => gannet.conv2d(x, w, { stride: 2 }),
  }),
  row({
    op: 'conv2d',
    detail: 'large: [32,4,4,64] by [64,3,3,64]',
    why: 'a deep layer of stride 1 whose borders are most of its places',
    inputs: { x: { shape: [32, 4, 4, 64] }, w: { shape: [64, 3, 3, 64], low: -0.1, high: 0.1 } },
    build: ({ x, w }) => gannet.conv2d(x, w),
  }),
  row({
    op: 'conv2dInputGradient',
    detail: 'large: [16,4,4,64] by [64,4,4,48] stride 2',
    why: 'a deep layer of a generator',
    inputs: { x: { shape: [16, 4, 4, 64] }, w: { shape: [64, 4, 4, 48], low: -0.1, high: 0.1 } },
    build: ({ x, w }) => gannet.conv2dTranspose(x, w, { stride: 2 }),
  }),
  row({
    op: 'batchSimilarity',
    detail: 'large: [37,66,5]',
    why: 'several tiles of images, several blocks of features, and work for several threads',
    inputs: { m: { shape: [37, 66, 5], low: -0.3, high: 0.3 } },
    build: ({ m }) => gannet.batchSimilarity(m),
  }),
  row({
    op: 'matmul',
    detail: 'large: 65x300x130',
    why: 'several blocks along every axis, none of them whole',
    inputs: { a: { shape: [65, 300] }, b: { shape: [300, 130] } },
    build: ({ a, b }) => gannet.matmul(a, b),
  }),
  row({
    op: 'elementwise',
    detail: 'large: bias and leakyRelu',
    why: 'channels that threads cut at odd places',
    inputs: { x: { shape: [9, 31, 33, 7] }, bias: { shape: [7] } },
    build: ({ x, bias }) => gannet.leakyRelu(gannet.add(x, gannet.perChannel(bias, x.shape))),
  }),
  row({
    op: 'elementwise',
    detail: 'large: one weight per sample',
    why: 'samples that threads cut at odd places',
    inputs: { x: { shape: [37, 1999] }, weight: { shape: [37] } },
    build: ({ x, weight }) => gannet.tanh(gannet.mul(x, gannet.perSample(weight, x.shape))),
  }),
  ...[
    [[1, 2], 'per sample'],
    [[0, 1], 'per channel'],
    [[0, 2], 'both sides'],
    [[0, 1, 2], 'everything'],
  ].map(([axes, detail]) =>
    row({
      op: 'reduceSum',
      detail: `large: [67,211,13], ${detail}`,
      why: 'partial sums of several threads',
      inputs: { x: { shape: [67, 211, 13], low: -1, high: 3 } },
      build: ({ x }) => gannet.reduceSum(gannet.square(x), axes as number[]),
    }),
  ),
  row({
    op: 'reduceMax',
    detail: 'large: [67,211,13] over the middle',
    why: 'partial maxima of several threads',
    inputs: { x: { shape: [67, 211, 13] } },
    build: ({ x }) => gannet.reduceMax(x, [1]),
  }),
  row({
    op: 'batchNorm',
    detail: 'large: [16,16,16,24]',
    why: 'moments from several threads',
    inputs: { x: { shape: [16, 16, 16, 24] }, gain: { shape: [24], low: 0.5, high: 1.5 }, bias: { shape: [24] } },
    build: ({ x, gain, bias }) => gannet.batchNorm(x, gain, bias, 1e-5),
  }),
  row({
    op: 'layerNorm',
    detail: 'large: [9,16,16,24]',
    why: 'samples longer than a cache line, an odd number of them',
    inputs: { x: { shape: [9, 16, 16, 24] }, gain: { shape: [24], low: 0.5, high: 1.5 }, bias: { shape: [24] } },
    build: ({ x, gain, bias }) => gannet.layerNorm(x, gain, bias, 1e-5),
  }),
  row({
    op: 'transpose',
    detail: 'large: [65,9,130] by [2,0,1]',
    why: 'several tiles, none of them whole',
    inputs: { x: { shape: [65, 9, 130] } },
    build: ({ x }) => gannet.transpose(x, [2, 0, 1]),
  }),
  row({
    op: 'concat',
    detail: 'large: channels of skip connections',
    why: 'rows copied by several threads',
    inputs: { a: { shape: [5, 33, 31, 7] }, b: { shape: [5, 33, 31, 9] } },
    build: ({ a, b }) => gannet.concat([a, b], 3),
  }),
  ...Object.entries({ maxPool: gannet.maxPool, averagePool: gannet.averagePool }).map(([op, pool]) =>
    row({
      op: op as 'maxPool' | 'averagePool',
      detail: 'large: [5,33,31,17] by 3',
      why: 'images shared out to several threads',
      inputs: { x: { shape: [5, 33, 31, 17] } },
      build: ({ x }) => pool(x, 3, { stride: 2, padding: 1 }),
    }),
  ),
  row({
    op: 'upsampleNearest',
    detail: 'large: [5,17,15,33] by 2',
    why: 'images shared out to several threads',
    inputs: { x: { shape: [5, 17, 15, 33] } },
    build: ({ x }) => gannet.upsampleNearest(x),
  }),
  row({
    op: 'gather',
    detail: 'large: 2001 of 50 rows',
    why: 'several threads add to the same rows',
    inputs: { table: { shape: [50, 37] }, indices: { shape: [2001], dtype: 'int32', low: 0, high: 49 } },
    build: ({ table, indices }) => gannet.embedding(table, indices),
  }),
  ...Object.entries({ randomUniform: gannet.randomUniform, randomNormal: gannet.randomNormal }).map(([op, draw]) =>
    row({
      op: op as 'randomUniform' | 'randomNormal',
      detail: 'large: [70001]',
      why: 'threads that start in the middle of a block of four',
      inputs: { state: { shape: [2], dtype: 'int32', values: [2_147_483_647, 123_456] } },
      build: ({ state }) => draw(state, [70_001]),
    }),
  ),
  row({
    op: 'adam',
    detail: 'large: [70001]',
    why: 'weights shared out to several threads',
    inputs: {
      w: { shape: [70_001], state: true },
      first: { shape: [70_001], state: true },
      second: { shape: [70_001], state: true, low: 0, high: 1 },
      gradient: { shape: [70_001] },
      rate: { shape: [], values: [0.1] },
      step: { shape: [], values: [2] },
    },
    build: ({ w, first, second, gradient, rate, step }) =>
      ops.adam(
        { clip: Number.POSITIVE_INFINITY, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 },
        w,
        first,
        second,
        gradient,
        rate,
        step,
      ),
    differentiable: [],
  }),
];
