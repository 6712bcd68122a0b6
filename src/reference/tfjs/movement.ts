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
  | 'cholesky'
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
  cholesky: (_, [n], a) =>
    tf.tensor2d(choleskyFactor(a.dataSync() as Float32Array, n as number), [n as number, n as number]),
  gather: (_, __, table, indices) => tf.gather(table, indices),
  scatterAdd: ({ rows }, result, indices, dy) => {
    const width = result[1] as number;
    return tf.scatterND(tf.reshape(indices, [-1, 1]), tf.reshape(dy, [-1, width]), [rows, width]);
  },
  oneHot: ({ depth }, _, indices) => tf.oneHot(indices, depth, 1, 0, 'float32'),
});

/** tfjs has no such op: row by row on the host. */
function choleskyFactor(a: Float32Array, n: number): Float32Array {
  const lower = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * n + j] as number;
      for (let k = 0; k < j; k++) rest -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      const pivot = lower[j * n + j] as number;
      if (i > j) lower[i * n + j] = pivot === 0 ? 0 : rest / pivot;
      else if (rest > DEPENDENT * (a[i * n + i] as number)) lower[i * n + i] = Math.sqrt(rest);
    }
  }
  return lower;
}

/** A pivot below this part of its diagonal element is rounding. */
const DEPENDENT = 1e-5;
