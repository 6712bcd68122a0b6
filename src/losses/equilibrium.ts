import { abs, add, maximum, minimum, mul, reduceMean, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** L(v) = mean |v - AE(v)|, scalar; both [N,H,W,C]. */
export const reconstructionError = (images: Tensor, reconstructed: Tensor): Tensor =>
  reduceMean(abs(sub(images, reconstructed)));

/** L(v) of each image by itself, [N]; both [N,H,W,C]. */
export const reconstructionErrors = (images: Tensor, reconstructed: Tensor): Tensor =>
  reduceMean(abs(sub(images, reconstructed)), [1, 2, 3]);

/** How BEGAN keeps its two players even. All scalars. */
export interface Balance {
  /** k of the next step, in [0, 1]. */
  readonly k: Tensor;
  /** M = L(x) + |gamma L(x) - L(G(z))|: falls as training converges. */
  readonly convergence: Tensor;
}

/** k' = clip(k + lambdaK (gamma L(x) - L(G(z))), 0, 1) and the measure of convergence. @see arXiv:1703.10717 */
export function balance(
  k: Tensor,
  errors: { readonly real: Tensor; readonly fake: Tensor },
  { gamma, lambdaK }: { readonly gamma: number; readonly lambdaK: number },
): Balance {
  const surplus = sub(mul(gamma, errors.real), errors.fake);
  return {
    k: minimum(maximum(add(k, mul(lambdaK, surplus)), 0), 1),
    convergence: add(errors.real, abs(surplus)),
  };
}
