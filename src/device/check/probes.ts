import { gradients } from '../../graph/gradients.ts';
import {
  add,
  advanceRandom,
  assign,
  averagePool,
  batchNorm,
  batchSimilarity,
  cholesky,
  concat,
  conv2d,
  div,
  embedding,
  exp,
  fill,
  flatten,
  layerNorm,
  leakyRelu,
  matmul,
  maxPool,
  mul,
  oneHot,
  pad,
  perChannel,
  randomNormal,
  randomUniform,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  slice,
  sqrt,
  square,
  sub,
  tanh,
  transpose,
  upsampleNearest,
} from '../../ops/index.ts';
import { updateOps } from '../../ops/update.ts';
import { elements, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { feed, type Graph, overwrite, read, trace } from '../../tensor/trace.ts';
import type { Variable } from '../../tensor/variable.ts';
import type { Work } from '../execution.ts';

/** A small program whose results are known. Its outputs and variables have the names of the ops that they are results of. */
export interface Probe {
  readonly name: string;
  readonly work: Work;
  /** How many products or kernels with values between them follow one another. */
  readonly products: number;
}

/** Values of which no two are equal, each exact in float32. More are positive than negative, so that sums of products do not cancel, and
 *  their errors stay small beside them. */
const numbers = (shape: Shape, seed: number, low: number, high: number): Float64Array =>
  Float64Array.from({ length: elements(shape) }, (_, i) =>
    Math.fround(low + (high - low) * (0.5 + 0.49 * Math.sin(1 + 0.7 * i + 1.3 * seed))),
  );

/** Values of what is counted or indexed. */
const WHOLE: Readonly<Record<string, readonly number[]>> = {
  advanceRandom: [7, 3],
  indices: [3, 0, 3, 1, 4],
  order: [0, 1, 2, 3, 4, 5],
  'steps of adam': [0],
};

/** Values for every feed and variable of a graph. */
const bindings = ({ feeds, variables }: Graph, [low, high]: readonly [number, number]) =>
  Object.fromEntries(
    [...feeds.map(({ attributes: { name }, shape }) => ({ name, shape })), ...variables].map(({ name, shape }, i) => [
      name,
      Float64Array.from(WHOLE[name] ?? numbers(shape, i, low, high)),
    ]),
  );

/** @param runs how often the program runs: the second time, a device replays what it has recorded */
const probe = (
  name: string,
  body: () => Record<string, Tensor>,
  {
    products = 1,
    runs = 1,
    range = [-1, 2],
  }: { readonly products?: number; readonly runs?: number; readonly range?: readonly [number, number] } = {},
): Probe => {
  const graph = trace(`self-check of ${name}`, body);
  return { name, products, work: { graphs: Array(runs).fill(graph), bindings: bindings(graph, range) } };
};

const variable = (name: string, shape: Shape, dtype: Variable['dtype'] = 'float32'): Variable => ({
  name,
  shape,
  dtype,
  trainable: false,
  initializer: (s) => fill(0, s),
});

/** The gradients of sum(y * dy) with dy a feed. */
const gradientsOf = (y: Tensor, xs: readonly Tensor[]): Tensor[] => gradients(y, xs, feed('dy', y.shape));

/** Expressions that the kernels have compiled, and one that they interpret. */
const expressions = (): Probe =>
  probe('expressions', () => {
    const [x, y, bias] = [feed('x', [6, 5, 8]), feed('y', [6, 5, 8]), feed('bias', [8])];
    const shifted = add(x, perChannel(bias, x.shape));
    return { elementwise: tanh(sub(exp(mul(shifted, 0.3)), div(y, add(square(x), 1.5)))), relu: relu(shifted) };
  });

/** Sums over rows and columns, short ones and long ones, which several blocks share. */
const reductions = (): Probe =>
  probe('reductions', () => {
    const [x, long] = [feed('x', [6, 40, 12]), feed('long', [2, 9000])];
    return {
      reduceSum: reduceSum(x, [2]),
      reduceMax: reduceMax(x, [1]),
      reduceMean: reduceMean(x, [0, 1]),
      'reduceSum of long rows': reduceSum(long, [1]),
    };
  });

const movements = (): Probe =>
  probe('movement', () => {
    const [x, y] = [feed('x', [3, 10, 8]), feed('y', [3, 10, 4])];
    return {
      fill: add(fill(0.75, [33]), 0),
      transpose: transpose(x, [2, 0, 1]),
      concat: concat([x, y], 2),
      slice: slice(x, [1, 2, 0], [2, 7, 8]),
      pad: pad(x, [0, 1, 2], [1, 0, 2]),
      upsampleNearest: upsampleNearest(feed('image', [2, 3, 3, 4]), 2),
    };
  });

const pools = (): Probe =>
  probe('pooling', () => {
    const [x, direction] = [feed('x', [2, 6, 6, 4]), feed('direction', [2, 6, 6, 4])];
    const [largest, mean] = [maxPool(x, 2), averagePool(x, 2)];
    const [ofLargest] = gradientsOf(largest, [x]) as [Tensor];
    const [ofMean] = gradientsOf(mean, [x]) as [Tensor];
    const [gathered] = gradients(reduceSum(mul(ofLargest, direction)), [feed('dy', largest.shape)]) as [Tensor];
    return {
      maxPool: largest,
      averagePool: mean,
      maxPoolGradient: ofLargest,
      averagePoolGradient: ofMean,
      maxPoolGather: gathered,
    };
  });

const lookups = (): Probe =>
  probe('lookups', () => {
    const [table, indices] = [feed('table', [5, 12]), feed('indices', [5], 'int32')];
    const rows = embedding(table, indices);
    const [gradient] = gradientsOf(rows, [table]) as [Tensor];
    return { gather: rows, scatterAdd: gradient, oneHot: oneHot(indices, 6) };
  });

const randomNumbers = (): Probe =>
  probe(
    'random numbers',
    () => {
      const state = variable('advanceRandom', [2], 'int32');
      const random = read(state);
      const outputs = { randomUniform: randomUniform(random, [30]), randomNormal: randomNormal(random, [30]) };
      advanceRandom(state);
      return outputs;
    },
    { runs: 2 },
  );

const similarities = (): Probe =>
  probe('similarity', () => {
    const m = feed('m', [6, 5, 3]);
    const similarity = batchSimilarity(m);
    const [gradient] = gradientsOf(similarity, [m]) as [Tensor];
    return { batchSimilarity: similarity, batchSimilarityGradient: gradient };
  });

const factors = (): Probe =>
  probe('factors', () => {
    const x = feed('x', [6, 6]);
    const diagonal = mul(oneHot(feed('order', [6], 'int32'), 6), 3);
    return { cholesky: cholesky(add(mul(add(x, transpose(x, [1, 0])), 0.1), diagonal)) };
  });

/** Products of eights of channels, whose operands may be bfloat16 in memory. */
const convolutions = (): Probe =>
  probe('convolutions', () => {
    const [x, w] = [feed('x', [2, 8, 8, 8]), feed('w', [16, 5, 5, 8])];
    const y = conv2d(mul(x, 1.25), mul(w, 0.75), { stride: 2, padding: 'same' });
    const [dx, dw] = gradientsOf(y, [x, w]) as [Tensor, Tensor];
    return { conv2d: y, conv2dInputGradient: dx, conv2dFilterGradient: dw };
  });

/** Products of images of three channels. */
const imageConvolutions = (): Probe =>
  probe('convolutions of images', () => {
    const [x, w] = [feed('x', [2, 7, 7, 3]), feed('w', [8, 3, 3, 3])];
    const y = conv2d(x, w, { padding: 'same' });
    const [dx, dw] = gradientsOf(y, [x, w]) as [Tensor, Tensor];
    return { conv2d: y, conv2dInputGradient: dx, conv2dFilterGradient: dw };
  });

/** A matrix product, and one so long that its reduction is split among blocks. */
const matrices = (): Probe =>
  probe('matrix products', () => {
    const [a, b] = [feed('a', [20, 24]), feed('b', [24, 40])];
    const [deep, wide] = [feed('deep', [8, 1024]), feed('wide', [1024, 8])];
    return { matmul: matmul(a, b), 'matmul with a split reduction': matmul(deep, wide) };
  });

/** A convolution with norms behind it: statistics, what follows from them, and their gradients. */
const norms = (): Probe =>
  probe(
    'norms',
    () => {
      const [x, w] = [feed('x', [4, 6, 6, 8]), feed('w', [16, 3, 3, 8])];
      const [gain, bias] = [feed('gain', [16]), feed('bias', [16])];
      const y = conv2d(x, w, { stride: 2, padding: 'same' });
      const batch = leakyRelu(batchNorm(y, gain, bias, 1e-5), 0.2);
      const layer = layerNorm(y, gain, bias, 1e-5);
      const [dx, dgain] = gradientsOf(add(batch, layer), [x, gain]) as [Tensor, Tensor];
      return { batchNorm: batch, layerNorm: layer, 'gradient of norms': dx, 'gradient of their gain': dgain };
    },
    { products: 3 },
  );

/** The penalty on a critic's slope, whose gradient is a second derivative. */
const penalties = (): Probe =>
  probe(
    'a gradient penalty',
    () => {
      const [x, w, v] = [feed('x', [2, 6, 6, 8]), feed('w', [8, 3, 3, 8]), feed('v', [72, 1])];
      const score = matmul(flatten(tanh(conv2d(x, mul(w, 0.2), { stride: 2, padding: 'same' }))), v);
      const [slope] = gradients(reduceSum(score), [x]) as [Tensor];
      const norm = sqrt(add(reduceSum(square(slope), [1, 2, 3]), 1e-12));
      const penalty = reduceMean(square(sub(norm, 1)));
      const [dw] = gradients(penalty, [w]) as [Tensor];
      return { 'gradient penalty': penalty, 'gradient of the penalty': dw };
    },
    { products: 4 },
  );

/** An optimiser's update of a weight by a gradient that depends on it, recorded once and replayed twice. */
const updates = (): Probe =>
  probe(
    'updates',
    () => {
      const [weight, first, second] = ['adam', 'first moment of adam', 'second moment of adam'].map((name) =>
        variable(name, [37]),
      ) as [Variable, Variable, Variable];
      const steps = variable('steps of adam', []);
      assign(steps, add(read(steps), 1));
      const gradient = mul(read(weight), feed('slope', [37]));
      const state = [weight, first, second].map(read) as [Tensor, Tensor, Tensor];
      const settings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, clip: Number.POSITIVE_INFINITY };
      overwrite(weight, updateOps.adam(settings, ...state, gradient, fill(0.1, []), read(steps)));
      return {};
    },
    { runs: 3, range: [0.1, 2] },
  );

/** Programs that between them launch every family of kernels, the simple ones first, so that what is wrong is blamed for it. */
export const probes = (): Probe[] => [
  expressions(),
  movements(),
  reductions(),
  pools(),
  lookups(),
  randomNumbers(),
  similarities(),
  factors(),
  matrices(),
  convolutions(),
  imageConvolutions(),
  norms(),
  penalties(),
  updates(),
];
