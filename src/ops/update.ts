import type { OpName } from '../tensor/operators.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { overwrite, read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { like, op, shapeError } from './op.ts';

/** How many leading inputs each update op overwrites: the variable itself, then its slots. */
export const OVERWRITTEN_INPUTS = {
  assign: 1,
  advanceRandom: 1,
  sgd: 1,
  momentum: 2,
  adagrad: 2,
  adadelta: 3,
  rmsprop: 2,
  adam: 3,
} as const satisfies Partial<Record<OpName, number>>;

export type UpdateOp = keyof typeof OVERWRITTEN_INPUTS;

/** The leading inputs that a node overwrites; none unless it is an update op. */
export const overwrittenInputs = (tensor: Tensor): readonly Tensor[] =>
  tensor.inputs.slice(0, (OVERWRITTEN_INPUTS as Partial<Record<OpName, number>>)[tensor.op] ?? 0);

/** Whether a node is an optimiser's update of weights, and not merely the storing of a value. */
export const isOptimizerUpdate = ({ op }: Tensor): boolean =>
  op in OVERWRITTEN_INPUTS && op !== 'assign' && op !== 'advanceRandom';

const update = <K extends UpdateOp>(name: K, sameShaped: number, scalars: number) =>
  op<K>(name, {
    result: (_, ...inputs) => {
      const state = inputs[0] as Tensor;
      const fits =
        inputs.length === sameShaped + scalars &&
        inputs.every((t, i) =>
          i < sameShaped ? sameShape(t.shape, state.shape) && t.dtype === state.dtype : t.shape.length === 0,
        );
      if (!fits) {
        const given = inputs.map((t) => `${t.dtype} ${formatShape(t.shape)}`).join(', ');
        throw shapeError(
          'update_shapes',
          `${name} expects ${sameShaped} tensors of one shape, then ${scalars} scalars, but received ${given}`,
        );
      }
      return like(state);
    },
    gradient: 'none',
  });

/** The ops of this file, for the rule table. Inputs: the overwritten ones, the value or gradient, then scalars. */
export const updateOps = {
  /** state, value */
  assign: update('assign', 2, 0),
  /** random state int32 [2]: step += 1 */
  advanceRandom: update('advanceRandom', 1, 0),
  /** w, gradient; learning rate */
  sgd: update('sgd', 2, 1),
  /** w, velocity, gradient; learning rate */
  momentum: update('momentum', 3, 1),
  /** w, sum of squares, gradient; learning rate */
  adagrad: update('adagrad', 3, 1),
  /** w, mean of squares, mean of squared updates, gradient; learning rate */
  adadelta: update('adadelta', 4, 1),
  /** w, mean of squares, gradient; learning rate */
  rmsprop: update('rmsprop', 3, 1),
  /** w, first moment, second moment, gradient; learning rate, step (1 for the first update) */
  adam: update('adam', 4, 2),
};

/** Stores a value in a variable; later reads in this trace see it. */
export function assign(variable: Variable, value: Tensor): void {
  overwrite(variable, updateOps.assign({}, read(variable), value));
}

/** Moves a random state (seed, step) to its next step. */
export function advanceRandom(state: Variable): void {
  overwrite(state, updateOps.advanceRandom({}, read(state)));
}
