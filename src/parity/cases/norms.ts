import * as gannet from '../../ops/index.ts';
import { ops } from '../../ops/rules.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Case, row } from './case.ts';

const EPSILON = 1e-3;

const NORMALIZED: readonly (readonly [Shape, string])[] = [
  [[5, 3], 'features without an image'],
  [[2, 3, 5, 3], '3 channels, which no vector width divides'],
  [[3, 4, 2, 1], '1 channel'],
  [[2, 3, 3, 17], 'more channels than a vector holds, odd'],
  [[4, 2, 2, 16], 'as many channels as a vector holds'],
];

/** Gradients of norms by themselves: their second derivatives are what a gradient penalty takes. */
const NORM_GRADIENTS: readonly (readonly [Shape, string, { low: number; high: number }?])[] = [
  [[3, 2, 3, 5], 'a composite of its own, differentiated twice more'],
  [[1, 3, 3, 2], '1 sample'],
  [[4, 3, 2, 1], '1 channel: the gain scales whole samples'],
  [[2, 3, 3, 17], 'more channels than a vector holds, odd'],
  [[3, 2, 2, 4], 'second derivatives lose their digits when the mean is large', { low: 28, high: 32 }],
];

const NORMALIZATIONS = { batchNorm: gannet.batchNorm, layerNorm: gannet.layerNorm };

const STATISTICS: readonly (readonly [Shape, readonly number[], string])[] = [
  [[7, 5], [0], 'the columns of a matrix'],
  [[3, 4, 2, 6], [1, 2, 3], 'samples'],
  [[3, 4, 2, 6], [0, 1, 2], 'channels'],
  [[2, 3, 4, 5], [0, 2], 'axes that do not lie together: one after the other'],
  [[16, 4], [1], 'as many results as lie together in rows of 64 bytes'],
  [[3, 1], [1], 'one element each'],
];

/** Statistics of several tensors or several of one, normalisations and their gradients. */
export const normCases: readonly Case[] = [
  ...STATISTICS.flatMap(([shape, axes, why]) => [
    row({
      op: 'sums',
      detail: `of two, [${shape}] over [${axes}]`,
      why,
      inputs: { x: { shape }, y: { shape } },
      build: ({ x, y }) => ops.sums({ axes, factor: 1 }, x, gannet.mul(x, y)),
    }),
    row({
      op: 'moments',
      detail: `[${shape}] over [${axes}]`,
      why,
      inputs: { x: { shape } },
      build: ({ x }) => ops.moments({ axes }, gannet.mul(x, 2)),
    }),
  ]),
  row({
    op: 'reduceSums',
    detail: 'of three, a third of each',
    why: 'a factor, and an operand that is a sum by itself',
    inputs: { x: { shape: [5, 6] }, y: { shape: [6] } },
    build: ({ x, y }) => {
      const wide = gannet.perChannel(y, x.shape);
      return ops.sums({ axes: [1], factor: 1 / 3 }, x, gannet.exp(x), gannet.mul(wide, gannet.square(x)));
    },
  }),
  row({
    op: 'reduceMoments',
    detail: 'of an expression',
    why: 'a bias and an activation before a norm',
    inputs: { x: { shape: [4, 3, 2] }, y: { shape: [2] } },
    build: ({ x, y }) => ops.moments({ axes: [1, 2] }, gannet.sigmoid(gannet.add(x, gannet.perChannel(y, x.shape)))),
  }),
  row({
    op: 'moments',
    detail: 'far from zero',
    why: 'E[x^2] - E[x]^2 loses its digits when the mean is large',
    inputs: { x: { shape: [40, 3], low: 98, high: 102 } },
    build: ({ x }) => ops.moments({ axes: [0] }, x),
  }),
  ...(['batchNorm', 'layerNorm'] as const).flatMap((op) =>
    NORMALIZED.map(([shape, why]) => {
      const channels = [shape.at(-1) as number];
      return row({
        op,
        detail: `[${shape}]`,
        why,
        inputs: { x: { shape }, gain: { shape: channels, low: 0.5, high: 1.5 }, bias: { shape: channels } },
        build: ({ x, gain, bias }) => NORMALIZATIONS[op](x, gain, bias, EPSILON),
      });
    }),
  ),
  ...(['batchNorm', 'layerNorm'] as const).map((op) =>
    row({
      op,
      detail: 'far from zero',
      why: 'E[x^2] - E[x]^2 loses its digits when the mean is large',
      inputs: { x: { shape: [4, 3, 3, 2], low: 28, high: 32 }, gain: { shape: [2] }, bias: { shape: [2] } },
      build: ({ x, gain, bias }) => NORMALIZATIONS[op](x, gain, bias, EPSILON),
    }),
  ),
  ...(['batchNormGradient', 'layerNormGradient'] as const).flatMap((op) =>
    NORM_GRADIENTS.map(([shape, why, range]) => {
      const channels = [shape.at(-1) as number];
      return row({
        op,
        detail: range ? `[${shape}] far from zero` : `[${shape}]`,
        why,
        inputs: { x: { shape, ...range }, gain: { shape: channels, low: 0.5, high: 1.5 }, dy: { shape } },
        build: ({ x, gain, dy }) => ops[op]({ epsilon: EPSILON }, x, gain, dy),
      });
    }),
  ),
  row({
    op: 'elementwise',
    detail: 'batch normalisation with running moments',
    why: 'inference: the moments are inputs',
    inputs: {
      x: { shape: [2, 3, 3, 3] },
      mean: { shape: [3] },
      variance: { shape: [3], low: 0.3, high: 2 },
      gain: { shape: [3] },
      bias: { shape: [3] },
    },
    build: ({ x, mean, variance, gain, bias }) => gannet.normalizeWith({ mean, variance }, x, gain, bias, EPSILON),
  }),
];
