import { add, assign, div, matmul, mul, reciprocal, reduceSum, reshape, sqrt, square } from '../ops/index.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { normal } from './initializers.ts';
import { type Pass, statistic } from './layer.ts';

/** Keeps a vector of zeros from being divided by its norm; far below any norm that float32 tells from zero. */
const SMALLEST_SQUARE = 1e-24;

/** Divides a weight by its largest singular value. */
export interface SpectralNorm {
  /** The singular vectors as they are known so far, spectral.u and spectral.v. */
  readonly variables: readonly Variable[];
  normalize(weight: Tensor, pass: Pass): Tensor;
}

/** Spectral normalisation of a filter [K,R,S,C] as a matrix [K, R S C], or of a linear weight [in,out]. In training a
 *  program takes one step of power iteration before it first uses a weight; it normalises each weight once. The gradient flows through the singular value with its
 *  vectors held fixed, sigma = u^T W v. @see arXiv:1802.05957 */
export function spectralNorm(path: string, weightShape: Shape): SpectralNorm {
  const isLinear = weightShape.length === 2;
  const outputs = weightShape[isLinear ? 1 : 0] as number;
  const inputs = elements(weightShape) / outputs;
  const u = statistic(`${path}.spectral.u`, [outputs, 1], normal(1));
  const v = statistic(`${path}.spectral.v`, [inputs, 1], normal(1));
  const known = new WeakMap<Tensor, Tensor>();

  const normalize = (weight: Tensor, { training }: Pass): Tensor => {
    const matrix = reshape(weight, isLinear ? weightShape : [outputs, inputs]);
    const forwards = (x: Tensor): Tensor => matmul(matrix, x, { transposeA: isLinear });
    const backwards = (x: Tensor): Tensor => matmul(matrix, x, { transposeA: !isLinear });
    if (training) {
      // No gradient goes back through what a variable was given.
      assign(v, unit(backwards(read(u))));
      assign(u, unit(forwards(read(v))));
    }
    return div(weight, reduceSum(mul(read(u), forwards(read(v)))));
  };
  return {
    variables: [u, v],
    normalize(weight, pass) {
      const normalized = known.get(weight) ?? normalize(weight, pass);
      known.set(weight, normalized);
      return normalized;
    },
  };
}

/** x / |x|. */
const unit = (x: Tensor): Tensor => mul(x, reciprocal(sqrt(add(reduceSum(square(x)), SMALLEST_SQUARE))));
