import * as gannet from '../../ops/index.ts';
import type { ScalarFunction } from '../../tensor/operators.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Case, row } from './case.ts';

const POSITIVE = { low: 0.5, high: 2.5 };

type Unary = Exclude<ScalarFunction, 'leakyRelu' | 'elu' | 'select' | Binary>;
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater' | 'equal';

const UNARY: Record<Unary, { fn: (x: Tensor) => Tensor; low?: number; high?: number }> = {
  neg: { fn: gannet.neg },
  abs: { fn: gannet.abs },
  sign: { fn: gannet.sign },
  step: { fn: gannet.step },
  exp: { fn: gannet.exp },
  log: { fn: gannet.log, ...POSITIVE },
  sqrt: { fn: gannet.sqrt, ...POSITIVE },
  reciprocal: { fn: gannet.reciprocal, ...POSITIVE },
  tanh: { fn: gannet.tanh, low: -4, high: 4 },
  sigmoid: { fn: gannet.sigmoid, low: -8, high: 8 },
  softplus: { fn: gannet.softplus, low: -8, high: 8 },
  relu: { fn: gannet.relu },
};

const BINARY: Record<Binary, (a: Tensor, b: Tensor) => Tensor> = {
  add: gannet.add,
  sub: gannet.sub,
  mul: gannet.mul,
  div: gannet.div,
  maximum: gannet.maximum,
  minimum: gannet.minimum,
  greater: gannet.greater,
  equal: gannet.equal,
};

const unary = (Object.keys(UNARY) as Unary[]).map((op) => {
  const { fn, ...range } = UNARY[op];
  return row({
    op,
    detail: '[7,5]',
    why: 'a length no vector width divides, on both sides of any kink',
    inputs: { x: { shape: [7, 5], ...range } },
    build: ({ x }) => fn(x),
  });
});

const binary = (Object.keys(BINARY) as Binary[]).map((op) =>
  row({
    op,
    detail: '[3,11]',
    why: 'both orders of every pair of operands',
    inputs: { a: { shape: [3, 11] }, b: { shape: [3, 11], ...(op === 'div' ? POSITIVE : {}) } },
    build: ({ a, b }) => BINARY[op](a, b),
  }),
);

/** Scalar functions one at a time. */
export const elementwiseCases: readonly Case[] = [
  ...unary,
  ...binary,
  row({
    op: 'equal',
    detail: 'with ties',
    why: 'the only op for which ties are the point',
    inputs: { a: { shape: [4], values: [1, 2, 3, 4] }, b: { shape: [4], values: [1, 5, 3, -4] } },
    build: ({ a, b }) => gannet.equal(a, b),
    differentiable: [],
  }),
  row({
    op: 'leakyRelu',
    detail: 'slope 0.2',
    why: 'the slope of DCGAN',
    inputs: { x: { shape: [2, 3, 3, 2] } },
    build: ({ x }) => gannet.leakyRelu(x, 0.2),
  }),
  row({
    op: 'leakyRelu',
    detail: 'slope 0.01',
    why: 'the slope is an attribute, not a constant',
    inputs: { x: { shape: [17] } },
    build: ({ x }) => gannet.leakyRelu(x, 0.01),
  }),
  row({
    op: 'elu',
    detail: 'slope 1',
    why: 'smooth at zero only with this slope',
    inputs: { x: { shape: [5, 5] } },
    build: ({ x }) => gannet.elu(x),
  }),
  row({
    op: 'elu',
    detail: 'slope 0.7, large x',
    why: 'e^x of a large positive x must not reach the gradients',
    inputs: { x: { shape: [8], values: [-90, -3, -0.5, -0.001, 0.001, 2, 60, 500] } },
    build: ({ x }) => gannet.elu(x, 0.7),
  }),
  row({
    op: 'softplus',
    detail: 'far from zero',
    why: 'log(1 + e^x) overflows when written as it reads',
    inputs: { x: { shape: [6], values: [-100, -30, -1, 1, 30, 100] } },
    build: ({ x }) => gannet.softplus(x),
  }),
  row({
    op: 'sigmoid',
    detail: 'far from zero',
    why: 'saturation must give 0 and 1, not NaN',
    inputs: { x: { shape: [6], values: [-100, -30, -1, 1, 30, 100] } },
    build: ({ x }) => gannet.sigmoid(x),
  }),
  row({
    op: 'tanh',
    detail: 'close to zero',
    why: 'differences of exponentials lose all digits here',
    inputs: { x: { shape: [5], values: [-1e-4, -1e-3, 1e-5, 1e-2, 3e-4] } },
    build: ({ x }) => gannet.tanh(x),
  }),
  row({
    op: 'select',
    detail: '[3,7]',
    why: 'the branch that is not taken gets no gradient, nor does the condition',
    inputs: { condition: { shape: [3, 7] }, a: { shape: [3, 7] }, b: { shape: [3, 7] } },
    build: ({ condition, a, b }) => gannet.select(condition, a, b),
  }),
  row({
    op: 'mul',
    detail: 'of one tensor with itself',
    why: 'both gradients land on one input',
    inputs: { x: { shape: [9] } },
    build: ({ x }) => gannet.square(x),
  }),
  row({
    op: 'add',
    detail: 'of scalars',
    why: 'rank 0',
    inputs: { a: { shape: [] }, b: { shape: [] } },
    build: ({ a, b }) => gannet.add(gannet.mul(a, b), 3),
  }),
];

const biased = (x: Tensor, bias: Tensor): Tensor => gannet.add(x, gannet.perChannel(bias, x.shape));

/** Chains that the fusion pass joins: every way of reading an operand, alone and mixed. */
export const fusedCases: readonly Case[] = [
  row({
    op: 'elementwise',
    detail: 'bias and leakyRelu',
    why: 'one operand per channel, 3 channels',
    inputs: { x: { shape: [2, 3, 5, 3] }, bias: { shape: [3] } },
    build: ({ x, bias }) => gannet.leakyRelu(biased(x, bias)),
  }),
  row({
    op: 'elementwise',
    detail: 'bias and tanh, 17 channels',
    why: 'channels that wrap around inside a vector',
    inputs: { x: { shape: [4, 17] }, bias: { shape: [17] } },
    build: ({ x, bias }) => gannet.tanh(biased(x, bias)),
  }),
  row({
    op: 'elementwise',
    detail: 'interpolation of real and fake',
    why: 'one operand per sample, as WGAN-GP mixes images',
    inputs: { real: { shape: [3, 2, 3, 3] }, fake: { shape: [3, 2, 3, 3] }, alpha: { shape: [3], low: 0, high: 1 } },
    build: ({ real, fake, alpha }) =>
      gannet.add(real, gannet.mul(gannet.perSample(alpha, real.shape), gannet.sub(fake, real))),
  }),
  row({
    op: 'elementwise',
    detail: 'full, channel, sample and scalar operands at once',
    why: 'every access class in one expression',
    inputs: { x: { shape: [3, 5, 4] }, channel: { shape: [4] }, sample: { shape: [3] }, scalar: { shape: [] } },
    build: ({ x, channel, sample, scalar }) => {
      const scaled = gannet.mul(gannet.sigmoid(biased(x, channel)), gannet.perSample(sample, x.shape));
      return gannet.sub(scaled, gannet.mul(scalar, gannet.maximum(x, 0.1)));
    },
  }),
  row({
    op: 'elementwise',
    detail: 'behind a reshape',
    why: 'reshapes vanish inside expressions, which changes what counts as a channel',
    inputs: { x: { shape: [2, 6] }, bias: { shape: [3] } },
    build: ({ x, bias }) => gannet.relu(biased(gannet.reshape(x, [4, 3]), bias)),
  }),
  row({
    op: 'elementwise',
    detail: 'longer than one kernel',
    why: 'more instructions and operands than an expression may hold: values between kernels are rounded in bfloat16',
    inputs: { x: { shape: [13], low: 0.2, high: 1 }, y: { shape: [13], low: 0.2, high: 1 } },
    build: ({ x, y }) => {
      let z = x;
      for (let i = 0; i < 12; i++)
        z = gannet.sub(gannet.mul(0.5 + i / 16, gannet.add(z, y)), gannet.mul(0.25, gannet.tanh(z)));
      return z;
    },
    products: 2,
  }),
  row({
    op: 'elementwise',
    detail: 'of ten tensors',
    why: 'more operands than an expression may read',
    inputs: { x: { shape: [14, 7] } },
    build: ({ x }) => {
      const rows = Array.from({ length: 14 }, (_, i) => gannet.slice(x, [i, 0], [1, 7]));
      return rows.reduce((product, part, i) => gannet.add(gannet.mul(product, part), i + 1));
    },
  }),
  row({
    op: 'reduce',
    detail: 'mean of squares',
    why: 'a loss: everything to one number',
    inputs: { x: { shape: [3, 19] }, y: { shape: [3, 19] } },
    build: ({ x, y }) => gannet.reduceMean(gannet.square(gannet.sub(x, y))),
  }),
  row({
    op: 'reduce',
    detail: 'norm per sample',
    why: 'reduces the inner axes, as the gradient penalty does',
    inputs: { x: { shape: [3, 3, 2, 5] } },
    build: ({ x }) => gannet.sqrt(gannet.reduceSum(gannet.square(x), gannet.allButSample(x.shape))),
  }),
  row({
    op: 'reduce',
    detail: 'gradient of a bias',
    why: 'reduces the outer axes of an expression',
    inputs: { x: { shape: [2, 3, 3, 5] }, dy: { shape: [2, 3, 3, 5] } },
    build: ({ x, dy }) => gannet.reduceSum(gannet.select(x, dy, gannet.mul(0.2, dy)), [0, 1, 2]),
  }),
  row({
    op: 'reduce',
    detail: 'maximum of an expression, middle axis',
    why: 'a reduction with something on either side',
    inputs: { x: { shape: [3, 4, 5] } },
    build: ({ x }) => gannet.reduceMax(gannet.mul(x, gannet.sigmoid(x)), [1]),
  }),
];
