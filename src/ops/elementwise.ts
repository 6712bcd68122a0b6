import type { ResultType, ScalarFunction } from '../tensor/operators.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fill } from './leaves.ts';
import { broadcastScalar } from './movement.ts';
import { like, listShapes, op, shapeError } from './op.ts';

/** An operand: a tensor, or a number that stands for a tensor filled with it. */
export type Operand = Tensor | number;

function sameShapes(name: ScalarFunction): (attributes: unknown, ...inputs: Tensor[]) => ResultType {
  return (_, ...inputs) => {
    const first = inputs[0] as Tensor;
    if (!inputs.every((t) => sameShape(t.shape, first.shape))) {
      throw shapeError(
        'elementwise_shapes',
        `${name} expects operands of one shape, but received ${listShapes(inputs)}; broadcast the smaller one first`,
      );
    }
    const wrong = inputs.find((t) => t.dtype !== 'float32');
    if (wrong) throw shapeError('elementwise_dtype', `${name} expects float32, but received ${wrong.dtype}`);
    return like(first);
  };
}

/** Gives numbers and scalars the shape of the largest operand. */
function align(operands: readonly Operand[]): Tensor[] {
  const tensors = operands.filter((o) => typeof o !== 'number');
  const shape = tensors.find((t) => t.shape.length > 0)?.shape ?? [];
  return operands.map((o) => {
    if (typeof o === 'number') return fill(o, shape);
    return o.shape.length === 0 && shape.length > 0 ? broadcastScalar(o, shape) : o;
  });
}

const negOp = op('neg', { result: sameShapes('neg'), gradient: (dy) => [() => neg(dy)] });
const absOp = op('abs', { result: sameShapes('abs'), gradient: (dy, _, x) => [() => mul(dy, sign(x))] });
const signOp = op('sign', { result: sameShapes('sign'), gradient: 'none' });
const stepOp = op('step', { result: sameShapes('step'), gradient: 'none' });
const expOp = op('exp', { result: sameShapes('exp'), gradient: (dy, y) => [() => mul(dy, y)] });
const logOp = op('log', { result: sameShapes('log'), gradient: (dy, _, x) => [() => div(dy, x)] });
const sqrtOp = op('sqrt', {
  result: sameShapes('sqrt'),
  gradient: (dy, y) => [() => mul(dy, mul(0.5, reciprocal(y)))],
});
const reciprocalOp = op('reciprocal', {
  result: sameShapes('reciprocal'),
  gradient: (dy, y) => [() => neg(mul(dy, square(y)))],
});
const tanhOp = op('tanh', { result: sameShapes('tanh'), gradient: (dy, y) => [() => mul(dy, sub(1, square(y)))] });
const sigmoidOp = op('sigmoid', {
  result: sameShapes('sigmoid'),
  gradient: (dy, y) => [() => mul(dy, mul(y, sub(1, y)))],
});
const softplusOp = op('softplus', {
  result: sameShapes('softplus'),
  gradient: (dy, _, x) => [() => mul(dy, sigmoid(x))],
});
// The result is positive where x is; it outlives the step's forward half anyway, x need not.
const reluOp = op('relu', { result: sameShapes('relu'), gradient: (dy, y) => [() => mul(dy, step(y))] });
const leakyReluOp = op('leakyRelu', {
  result: sameShapes('leakyRelu'),
  gradient: (dy, y, x) => {
    const { slope } = y.attributes;
    return [() => select(slope > 0 ? y : x, dy, mul(slope, dy))];
  },
});
const eluOp = op('elu', {
  result: sameShapes('elu'),
  // exp of the negative part only: exp of a large positive x is infinite, and 0 * infinity would reach second derivatives.
  gradient: (dy, { attributes: { slope } }, x) => [() => select(x, dy, mul(dy, mul(slope, exp(minimum(x, 0)))))],
});

const addOp = op('add', { result: sameShapes('add'), gradient: (dy) => [() => dy, () => dy] });
const subOp = op('sub', { result: sameShapes('sub'), gradient: (dy) => [() => dy, () => neg(dy)] });
const mulOp = op('mul', {
  result: sameShapes('mul'),
  gradient: (dy, _, a, b) => [() => mul(dy, b), () => mul(dy, a)],
});
const divOp = op('div', {
  result: sameShapes('div'),
  gradient: (dy, y, _, b) => [() => div(dy, b), () => neg(mul(dy, div(y, b)))],
});
const maximumOp = op('maximum', {
  result: sameShapes('maximum'),
  gradient: (dy, _, a, b) => [() => mul(dy, sub(1, step(sub(b, a)))), () => mul(dy, step(sub(b, a)))],
});
const minimumOp = op('minimum', {
  result: sameShapes('minimum'),
  gradient: (dy, _, a, b) => [() => mul(dy, sub(1, step(sub(a, b)))), () => mul(dy, step(sub(a, b)))],
});
const greaterOp = op('greater', { result: sameShapes('greater'), gradient: 'none' });
const equalOp = op('equal', { result: sameShapes('equal'), gradient: 'none' });
const selectOp = op('select', {
  result: sameShapes('select'),
  gradient: (dy, _, x) => [undefined, () => select(x, dy, 0), () => select(x, 0, dy)],
});

/** The ops of this file, for the rule table. */
export const elementwiseOps = {
  neg: negOp,
  abs: absOp,
  sign: signOp,
  step: stepOp,
  exp: expOp,
  log: logOp,
  sqrt: sqrtOp,
  reciprocal: reciprocalOp,
  tanh: tanhOp,
  sigmoid: sigmoidOp,
  softplus: softplusOp,
  relu: reluOp,
  leakyRelu: leakyReluOp,
  elu: eluOp,
  add: addOp,
  sub: subOp,
  mul: mulOp,
  div: divOp,
  maximum: maximumOp,
  minimum: minimumOp,
  greater: greaterOp,
  equal: equalOp,
  select: selectOp,
};

/** -x. */
export const neg = (x: Tensor): Tensor => negOp({}, x);
/** |x|; its gradient at 0 is 0. */
export const abs = (x: Tensor): Tensor => absOp({}, x);
/** -1, 0 or 1. Gradient zero everywhere. */
export const sign = (x: Tensor): Tensor => signOp({}, x);
/** 1 where x > 0, else 0. Gradient zero everywhere. */
export const step = (x: Tensor): Tensor => stepOp({}, x);
/** e^x. */
export const exp = (x: Tensor): Tensor => expOp({}, x);
/** Natural logarithm; -infinity at 0, NaN below. */
export const log = (x: Tensor): Tensor => logOp({}, x);
/** Square root; NaN below 0, infinite gradient at 0. */
export const sqrt = (x: Tensor): Tensor => sqrtOp({}, x);
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => reciprocalOp({}, x);
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => tanhOp({}, x);
/** 1 / (1 + e^-x), exact at both ends. */
export const sigmoid = (x: Tensor): Tensor => sigmoidOp({}, x);
/** log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|). */
export const softplus = (x: Tensor): Tensor => softplusOp({}, x);
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => reluOp({}, x);
/** x where x > 0, else slope * x. */
export const leakyRelu = (x: Tensor, slope = 0.2): Tensor => leakyReluOp({ slope }, x);
/** x where x > 0, else slope * (e^x - 1). @see arXiv:1511.07289 */
export const elu = (x: Tensor, slope = 1): Tensor => eluOp({ slope }, x);

/** a + b. Numbers and scalars take the other operand's shape, as in every op of two operands. */
export const add = (a: Operand, b: Operand): Tensor => addOp({}, ...align([a, b]));
/** a - b. */
export const sub = (a: Operand, b: Operand): Tensor => subOp({}, ...align([a, b]));
/** a * b. */
export const mul = (a: Operand, b: Operand): Tensor => mulOp({}, ...align([a, b]));
/** a / b. */
export const div = (a: Operand, b: Operand): Tensor => divOp({}, ...align([a, b]));
/** The larger; where they are equal the gradient goes to a. */
export const maximum = (a: Operand, b: Operand): Tensor => maximumOp({}, ...align([a, b]));
/** The smaller; where they are equal the gradient goes to a. */
export const minimum = (a: Operand, b: Operand): Tensor => minimumOp({}, ...align([a, b]));
/** 1 where a > b, else 0. Gradient zero everywhere. */
export const greater = (a: Operand, b: Operand): Tensor => greaterOp({}, ...align([a, b]));
/** 1 where a = b, else 0. Gradient zero everywhere. */
export const equal = (a: Operand, b: Operand): Tensor => equalOp({}, ...align([a, b]));
/** `positive` where condition > 0, else `otherwise`; never mixes NaN in from the branch not taken. */
export const select = (condition: Operand, positive: Operand, otherwise: Operand): Tensor =>
  selectOp({}, ...align([condition, positive, otherwise]));
/** x * x. */
export const square = (x: Tensor): Tensor => mul(x, x);
