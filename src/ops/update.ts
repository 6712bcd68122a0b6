import { OPS, type UpdateOp } from '../tensor/operators.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { overwrite, read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { bySignature, type Op, op } from './op.ts';

/** The leading inputs that a node overwrites; none unless it is an update op. */
export const overwrittenInputs = (tensor: Tensor): readonly Tensor[] =>
  tensor.inputs.slice(0, OPS[tensor.op].overwrites ?? 0);

const update = <K extends UpdateOp>(name: K): Op<K> =>
  op<K>(name, { result: bySignature(name, 'update_shapes'), gradient: 'none' });

/** The ops of this file, for the rule table. */
export const updateOps = {
  assign: update('assign'),
  assignRows: update('assignRows'),
  advanceRandom: update('advanceRandom'),
  sgd: update('sgd'),
  momentum: update('momentum'),
  adagrad: update('adagrad'),
  adadelta: update('adadelta'),
  rmsprop: update('rmsprop'),
  adam: update('adam'),
};

/** Stores a value in a variable; later reads in this trace see it. */
export function assign(variable: Variable, value: Tensor): void {
  overwrite(variable, updateOps.assign({}, read(variable), value));
}

/** Stores rows [N, ...] at the places `indices` int32 [N] of a variable [V, ...], which keeps its others; of several rows for one place the last
 *  one counts. Later reads in this trace see them. Neither may be the variable's own value. An index outside [0, V) fails while running.
 *  @throws ShapeError update_shapes */
export function assignRows(variable: Variable, indices: Tensor, rows: Tensor): void {
  overwrite(variable, updateOps.assignRows({}, read(variable), indices, rows));
}

/** Moves a random state (seed, step) to its next step. */
export function advanceRandom(state: Variable): void {
  overwrite(state, updateOps.advanceRandom({}, read(state)));
}
