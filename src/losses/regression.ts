import { reduceMean, square, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Mean over all elements of (prediction - target)^2; both of one shape. */
export const meanSquaredError = (prediction: Tensor, target: Tensor): Tensor =>
  reduceMean(square(sub(prediction, target)));
