import type { OpAttributes, OpName } from './operators.ts';
import type { DType, Shape } from './shape.ts';

/** One value of the graph: the result of `op` on `inputs`. Immutable; gradients and passes make new ones. */
export interface Tensor<K extends OpName = OpName> {
  /** Unique in the process; a tensor's inputs always have smaller ids. */
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Tensor[];
  readonly attributes: OpAttributes[K];
  readonly shape: Shape;
  readonly dtype: DType;
  /** The layer that was being traced, such as `discriminator.layer2`; error messages and listings show it. */
  readonly scope: string;
}

let nextId = 1;

/** Makes a tensor. Ops call it after their shape rule; nothing else should. */
export function createTensor<K extends OpName>(fields: Omit<Tensor<K>, 'id'>): Tensor<K> {
  return Object.freeze({ id: nextId++, ...fields });
}

/** Narrows a tensor to one op, so that its attributes are typed. */
export const isOp = <K extends OpName>(tensor: Tensor, op: K): tensor is Tensor<K> => tensor.op === op;
