import type { Tensor } from '../tensor/tensor.ts';
import { mul } from './elementwise.ts';
import { reshapeOp } from './movement.ts';
import { like, op } from './op.ts';

const allReduceOp = op('allReduce', {
  result: (_, x) => like(x),
  // Each rank's x counts in the results of all ranks, so its gradient is the sum of theirs.
  gradient: (dy) => [() => allReduceSum(dy)],
  decompose: (_, x) => reshapeOp({ shape: x.shape }, x),
});

/** The ops of this file, for the rule table. */
export const rankOps = { allReduce: allReduceOp };

/** The sum of the x of all ranks, on each of them; x itself in a process that trains alone. Every rank must run the same such ops in the
 *  same order. */
export const allReduceSum = (x: Tensor): Tensor => allReduceOp({}, x);

/** The mean of the x of all `ranks`, on each of them. */
export const allReduceMean = (x: Tensor, ranks: number): Tensor => mul(1 / ranks, allReduceSum(x));
