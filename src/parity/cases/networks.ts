import { gradients } from '../../graph/gradients.ts';
import * as gannet from '../../ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Case, row } from './case.ts';

const EPSILON = 1e-3;

/** Every layer that WGAN-GP differentiates twice: linear(layerNorm(leakyRelu(conv2d(x)))) -> [N]. */
function critic(
  x: Tensor,
  { filter, gain, bias, weight }: Record<'filter' | 'gain' | 'bias' | 'weight', Tensor>,
): Tensor {
  const convolved = gannet.leakyRelu(gannet.conv2d(x, filter, { stride: 2 }));
  const normalized = gannet.leakyRelu(gannet.layerNorm(convolved, gain, bias, EPSILON));
  return gannet.reduceSum(gannet.matmul(gannet.flatten(normalized), weight), [1]);
}

/** mean((|d critic / dx| - 1)^2), one norm per sample. @see arXiv:1704.00028 */
function gradientPenalty(x: Tensor, weights: Parameters<typeof critic>[1]): Tensor {
  const [dx] = gradients(gannet.reduceSum(critic(x, weights)), [x]) as [Tensor];
  const norms = gannet.sqrt(gannet.reduceSum(gannet.square(dx), gannet.allButSample(dx.shape)));
  return gannet.reduceMean(gannet.square(gannet.sub(norms, 1)));
}

/** Random numbers, and whole pieces of networks. */
export const networkCases: readonly Case[] = [
  row({
    op: 'layerNorm',
    detail: 'penalised gradient of a critic',
    why: 'WGAN-GP: derivatives of derivatives through conv2d, leakyRelu, layerNorm and matmul',
    inputs: {
      x: { shape: [2, 5, 5, 2] },
      filter: { shape: [3, 3, 3, 2], low: -0.6, high: 0.6 },
      gain: { shape: [3], low: 0.5, high: 1.5 },
      bias: { shape: [3], low: -0.3, high: 0.3 },
      weight: { shape: [27, 1], low: -1, high: 1 },
    },
    build: ({ x, ...weights }) => gradientPenalty(x, weights),
    products: 3,
  }),
  row({
    op: 'randomUniform',
    detail: '[3,7] in [-1, 2)',
    why: 'a count that no block of four divides',
    inputs: { state: { shape: [2], dtype: 'int32', values: [1234, 5] } },
    build: ({ state }) => gannet.randomUniform(state, [3, 7], -1, 2),
  }),
  row({
    op: 'randomUniform',
    detail: 'second stream, negative seed, late step',
    why: 'seed, stream and step all reach the generator, as unsigned words',
    inputs: { state: { shape: [2], dtype: 'int32', values: [-77, 2_000_000_000] } },
    build: ({ state }) => gannet.sub(gannet.randomUniform(state, [1025]), gannet.randomUniform(state, [1025])),
  }),
  row({
    op: 'randomNormal',
    detail: '[5,5] around 0.5',
    why: 'pairs of numbers from pairs of words, the last pair cut',
    inputs: { state: { shape: [2], dtype: 'int32', values: [99, 0] } },
    build: ({ state }) => gannet.randomNormal(state, [5, 5], 0.5, 0.02),
  }),
  row({
    op: 'randomUniform',
    detail: 'as dropout of 0.3',
    why: 'the same elements are dropped in the value and in every derivative',
    inputs: { x: { shape: [4, 9] }, state: { shape: [2], dtype: 'int32', values: [7, 1] } },
    build: ({ x, state }) => gannet.dropout(gannet.square(x), 0.3, state),
  }),
];
