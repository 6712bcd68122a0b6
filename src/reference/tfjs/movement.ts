import type { Tfjs } from './backend.ts';
import { type Kernels, mutable } from './kernel.ts';

/** Reductions, movement, matrix products and lookups. */
export const movementKernels = (
  tf: Tfjs,
): Kernels<
  | 'constant'
  | 'reduceSum'
  | 'reduceMax'
  | 'broadcast'
  | 'reshape'
  | 'transpose'
  | 'concat'
  | 'slice'
  | 'pad'
  | 'matmul'
  | 'gather'
  | 'scatterAdd'
  | 'oneHot'
> => ({
  constant: ({ value }, result) => tf.fill(mutable(result), value),
  reduceSum: ({ axes }, _, x) => tf.sum(x, mutable(axes)),
  reduceMax: ({ axes }, _, x) => tf.max(x, mutable(axes)),
  broadcast: ({ axes, shape }, _, x) => {
    const aligned = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    return tf.broadcastTo(tf.reshape(x, aligned), mutable(shape));
  },
  reshape: ({ shape }, _, x) => tf.reshape(x, mutable(shape)),
  transpose: ({ permutation }, _, x) => tf.transpose(x, mutable(permutation)),
  concat: ({ axis }, _, ...inputs) => tf.concat(inputs, axis),
  slice: ({ begin, size }, _, x) => tf.slice(x, mutable(begin), mutable(size)),
  pad: ({ before, after }, _, x) =>
    tf.pad(
      x,
      before.map((amount, axis): [number, number] => [amount, after[axis] as number]),
    ),
  matmul: ({ transposeA, transposeB }, _, a, b) => tf.matMul(a, b, transposeA, transposeB),
  gather: (_, __, table, indices) => tf.gather(table, indices),
  scatterAdd: ({ rows }, result, indices, dy) => {
    const width = result[1] as number;
    return tf.scatterND(tf.reshape(indices, [-1, 1]), tf.reshape(dy, [-1, width]), [rows, width]);
  },
  oneHot: ({ depth }, _, indices) => tf.oneHot(indices, depth, 1, 0, 'float32'),
});
