import type { ScalarFunction } from '../../tensor/operators.ts';
import type { Tfjs } from './backend.ts';
import type { Kernels } from './kernel.ts';

/** The scalar functions, applied element by element. */
export const scalarKernels = (tf: Tfjs): Kernels<ScalarFunction> => ({
  neg: (_, _result, x) => tf.neg(x),
  abs: (_, _result, x) => tf.abs(x),
  sign: (_, _result, x) => tf.sign(x),
  step: (_, _result, x) => tf.cast(tf.greater(x, 0), 'float32'),
  exp: (_, _result, x) => tf.exp(x),
  log: (_, _result, x) => tf.log(x),
  sqrt: (_, _result, x) => tf.sqrt(x),
  reciprocal: (_, _result, x) => tf.reciprocal(x),
  tanh: (_, _result, x) => tf.tanh(x),
  sigmoid: (_, _result, x) => tf.sigmoid(x),
  softplus: (_, _result, x) => tf.softplus(x),
  relu: (_, _result, x) => tf.relu(x),
  leakyRelu: ({ slope }, _result, x) => tf.leakyRelu(x, slope),
  elu: ({ slope }, _result, x) => tf.add(tf.relu(x), tf.mul(slope, tf.elu(tf.minimum(x, 0)))),
  add: (_, _result, a, b) => tf.add(a, b),
  sub: (_, _result, a, b) => tf.sub(a, b),
  mul: (_, _result, a, b) => tf.mul(a, b),
  div: (_, _result, a, b) => tf.div(a, b),
  maximum: (_, _result, a, b) => tf.maximum(a, b),
  minimum: (_, _result, a, b) => tf.minimum(a, b),
  greater: (_, _result, a, b) => tf.cast(tf.greater(a, b), 'float32'),
  equal: (_, _result, a, b) => tf.cast(tf.equal(a, b), 'float32'),
  select: (_, _result, condition, a, b) => tf.where(tf.greater(condition, 0), a, b),
});
