import { assign, randomNormal, randomUniform } from '../ops/index.ts';
import { fill } from '../ops/leaves.ts';
import { elements } from '../tensor/shape.ts';
import { feed, type Graph, trace } from '../tensor/trace.ts';
import type { Initializer, Variable } from '../tensor/variable.ts';

/** Every element `value`. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    fill(value, shape);

/** Every element 0. */
export const zeros: Initializer = constant(0);
/** Every element 1. */
export const ones: Initializer = constant(1);

/** Normal with the given mean and standard deviation. */
export const normal =
  (deviation: number, mean = 0): Initializer =>
  (shape, random) =>
    randomNormal(random, shape, mean, deviation);

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Initializer =>
  (shape, random) =>
    randomUniform(random, shape, low, high);

/** Uniform in +-sqrt(6 / (inputs + outputs)) of a linear weight [in,out] or a filter [K,R,S,C], so that signals keep their size.
 *  @see Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010) */
export const glorot: Initializer = (shape, random) => {
  const window = elements(shape.slice(1, -1));
  const limit = Math.sqrt(6 / (window * ((shape[0] as number) + (shape.at(-1) as number))));
  return randomUniform(random, shape, -limit, limit);
};

/** The graph that gives every variable its initial value; its feed `random` is int32 [2]: (seed, 0). */
export const initialization = (variables: readonly Variable[]): Graph =>
  trace('initialize', () => {
    const random = feed('random', [2], 'int32');
    for (const variable of variables) {
      // int32 state starts at zero, which is what a new variable holds.
      if (variable.dtype === 'float32') assign(variable, variable.initializer(variable.shape, random));
    }
    return {};
  });
