import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { nextRandomStream } from '../tensor/trace.ts';
import { div, greater, mul } from './elementwise.ts';
import { bySignature, op } from './op.ts';

const uniformOp = op('randomUniform', { result: bySignature('randomUniform', 'random_state'), gradient: 'none' });
const normalOp = op('randomNormal', { result: bySignature('randomNormal', 'random_state'), gradient: 'none' });

/** The ops of this file, for the rule table. */
export const randomOps = { randomUniform: uniformOp, randomNormal: normalOp };

/** Uniform in [low, high): Philox4x32-10 keyed by (seed, stream) and counted by (element, step), so that every device draws
 *  the same bits. `state` is int32 [2]: seed and step. Each call in a trace is a stream of its own.
 *  @see Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011) */
export const randomUniform = (state: Tensor, shape: Shape, low = 0, high = 1): Tensor =>
  uniformOp({ shape, stream: nextRandomStream(), low, high }, state);

/** Normal by Box and Muller's transform of the same uniforms. */
export const randomNormal = (state: Tensor, shape: Shape, mean = 0, deviation = 1): Tensor =>
  normalOp({ shape, stream: nextRandomStream(), mean, deviation }, state);

/** Zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate). @see arXiv:1207.0580 */
export function dropout(x: Tensor, rate: number, state: Tensor): Tensor {
  if (rate === 0) return x;
  const kept = greater(randomUniform(state, x.shape), rate);
  return mul(x, div(kept, 1 - rate));
}
