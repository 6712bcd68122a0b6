import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import type { OpAttributes, OpName } from '../../tensor/operators.ts';
import type { Shape } from '../../tensor/shape.ts';

/** Computes one op with tfjs from its attributes, the shape of its result and its inputs. */
export type Kernel<K extends OpName> = (
  attributes: OpAttributes[K],
  result: Shape,
  ...inputs: TfjsTensor[]
) => TfjsTensor;

export type Kernels<K extends OpName> = { readonly [P in K]: Kernel<P> };

/** tfjs takes shapes as arrays that it could change. */
export const mutable = (numbers: readonly number[]): number[] => [...numbers];
