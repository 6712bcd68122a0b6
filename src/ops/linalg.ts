import type { Tensor } from '../tensor/tensor.ts';
import { bySignature, op } from './op.ts';

const choleskyOp = op('cholesky', { result: bySignature('cholesky', 'cholesky_shape'), gradient: 'none' });

/** The op of this file, for the rule table. */
export const linalgOps = { cholesky: choleskyOp };

/** The lower triangular L with L L^T = a, for a symmetric positive semi-definite a [n,n], of which the lower triangle is read.
 *  A pivot that is not above 1e-5 of its diagonal element leaves a column of zeros, so that a covariance of few samples has a
 *  factor too. Not differentiable: it makes latents of a given covariance, which nothing learns through. */
export const cholesky = (a: Tensor): Tensor => choleskyOp({}, a);
