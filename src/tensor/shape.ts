/** Sizes of the axes, outermost first. Images are [N, H, W, C], filters [K, R, S, C]. The scalar shape is []. */
export type Shape = readonly number[];

/** Element types. Everything that is differentiated is float32; int32 holds labels, indices and random state. */
export type DType = 'float32' | 'int32';

/** Both types occupy four bytes. */
export const BYTES_PER_ELEMENT = 4;

export const elements = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

export const formatShape = (shape: Shape): string => `[${shape.join(',')}]`;

/** The size of one axis; negative axes count from the end. */
export function axisSize(shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (size === undefined) throw new RangeError(`axis ${axis} of shape ${formatShape(shape)}`);
  return size;
}

/** Row-major strides in elements. */
export function strides(shape: Shape): number[] {
  const result = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = stride;
    stride *= shape[axis] as number;
  }
  return result;
}
