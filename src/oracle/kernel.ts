import type { OpAttributes, OpName } from '../tensor/operators.ts';
import { type Shape, strides } from '../tensor/shape.ts';

/** A value of the oracle: row-major float64, whatever the tensor's type. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Computes one op in float64 from its attributes, its inputs and the shape of its result. */
export type Kernel<K extends OpName> = (
  attributes: OpAttributes[K],
  inputs: readonly Value[],
  result: Shape,
) => Float64Array;

/** For each element of `shape` in row-major order: offset + the sum of its indices times `steps`. */
export function positions(shape: Shape, steps: readonly number[], offset = 0): Int32Array {
  let result = Int32Array.of(offset);
  shape.forEach((size, axis) => {
    const step = steps[axis] as number;
    const next = new Int32Array(result.length * size);
    for (let i = 0; i < next.length; i++) next[i] = (result[Math.floor(i / size)] as number) + (i % size) * step;
    result = next;
  });
  return result;
}

/** Strides over the axes of `shape`, 0 along `axes`, into an array that lacks those axes. */
export function stridesWithout(shape: Shape, axes: readonly number[]): number[] {
  const kept = strides(shape.filter((_, axis) => !axes.includes(axis)));
  return shape.map((_, axis) => (axes.includes(axis) ? 0 : (kept.shift() as number)));
}

/** result[i] = data[from[i]]. */
export const take = (data: Float64Array, from: Int32Array): Float64Array =>
  Float64Array.from(from, (position) => data[position] as number);
