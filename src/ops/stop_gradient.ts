import type { Tensor } from '../tensor/tensor.ts';
import { reshapeOp } from './movement.ts';

const stopped = new WeakSet<Tensor>();

/** x as a number that nothing has made: gradients, of any order, do not flow back through it. The value is x itself. */
export function stopGradient(x: Tensor): Tensor {
  const y = reshapeOp({ shape: x.shape }, x);
  stopped.add(y);
  return y;
}

/** Whether gradients end at this tensor. */
export const stopsGradient = (tensor: Tensor): boolean => stopped.has(tensor);
