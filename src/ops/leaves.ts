import { GraphError } from '../errors.ts';
import type { Shape } from '../tensor/shape.ts';
import { createTensor, type Tensor } from '../tensor/tensor.ts';
import { op } from './op.ts';

/** The shape rule of ops that are not applied to tensors but made elsewhere, where their shape is known. */
export const madeBy = (maker: string) => (): never => {
  throw new GraphError('not_applicable', `this op is made by ${maker}, not applied to tensors`);
};

/** Leaves have no inputs; the trace makes feeds and variables, `fill` makes constants. */
export const leafOps = {
  feed: op('feed', { result: madeBy('the trace'), gradient: 'none' }),
  variable: op('variable', { result: madeBy('the trace'), gradient: 'none' }),
  constant: op('constant', { result: madeBy('fill'), gradient: 'none' }),
};

/** A tensor of `shape` filled with one float32 value. */
export const fill = (value: number, shape: Shape): Tensor<'constant'> =>
  createTensor({ op: 'constant', inputs: [], attributes: { value }, shape, dtype: 'float32', scope: '' });
