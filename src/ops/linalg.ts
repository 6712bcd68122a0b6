import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { like, op, shapeError } from './op.ts';

const choleskyOp = op('cholesky', {
  result: (_, a) => {
    const [rows, columns] = a.shape;
    if (a.shape.length !== 2 || rows !== columns || a.dtype !== 'float32') {
      throw shapeError(
        'cholesky_shape',
        `cholesky expects a float32 square matrix, but received ${a.dtype} ${formatShape(a.shape)}`,
      );
    }
    return like(a);
  },
  gradient: 'none',
});

/** The op of this file, for the rule table. */
export const linalgOps = { cholesky: choleskyOp };

/** The lower triangular L with L L^T = a, for a symmetric positive semi-definite a [n,n], of which the lower triangle is read.
 *  A pivot that is not above 1e-5 of its diagonal element leaves a column of zeros, so that a covariance of few samples has a
 *  factor too. Not differentiable: it makes latents of a given covariance, which nothing learns through. */
export const cholesky = (a: Tensor): Tensor => choleskyOp({}, a);
