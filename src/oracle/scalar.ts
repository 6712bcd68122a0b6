import { SCALAR_FUNCTIONS, type ScalarFunction } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import type { Kernel, Value } from './kernel.ts';

type Scalar = (...args: number[]) => number;

/** Every scalar function; those with an immediate value take it as their last argument. */
export const scalarFunctions: Record<ScalarFunction, (a: number, b: number, c: number) => number> = {
  neg: (x) => -x,
  abs: (x) => Math.abs(x),
  sign: Math.sign,
  step: (x) => Number(x > 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  relu: (x) => Math.max(x, 0),
  leakyRelu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, slope) => (x > 0 ? x : slope * Math.expm1(x)),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  greater: (a, b) => Number(a > b),
  equal: (a, b) => Number(a === b),
  select: (condition, positive, otherwise) => (condition > 0 ? positive : otherwise),
};

function applied(fn: ScalarFunction): (attributes: { slope?: number }, inputs: readonly Value[]) => Float64Array {
  const scalar = scalarFunctions[fn] as Scalar;
  return ({ slope }, inputs) => {
    const first = inputs[0] as Value;
    const operands = inputs.map((input) => input.data);
    return first.data.map((_, i) => {
      const args = operands.map((data) => data[i] as number);
      return slope === undefined ? scalar(...args) : scalar(...args, slope);
    });
  };
}

/** One kernel per scalar function, applied element by element. */
export const scalarKernels: { readonly [K in ScalarFunction]: Kernel<K> } = Object.fromEntries(
  (Object.keys(SCALAR_FUNCTIONS) as ScalarFunction[]).map((fn) => [fn, applied(fn)]),
) as Record<ScalarFunction, ReturnType<typeof applied>>;

/** A tensor filled with one number. */
export const constant: Kernel<'constant'> = ({ value }, _, result) => new Float64Array(elements(result)).fill(value);
