import { elements, type Shape, strides } from '../tensor/shape.ts';
import { type Kernel, positions, stridesWithout, take, type Value } from './kernel.ts';

/** Folds every element of x into the element of the result that it belongs to. */
function reduction(start: number, fold: (total: number, x: number) => number): Kernel<'reduceSum' | 'reduceMax'> {
  return ({ axes }, inputs, result) => {
    const { shape, data } = inputs[0] as Value;
    const totals = new Float64Array(elements(result)).fill(start);
    positions(shape, stridesWithout(shape, axes)).forEach((to, i) => {
      totals[to] = fold(totals[to] as number, data[i] as number);
    });
    return totals;
  };
}

/** Writes x into a larger array, its first element at `offset`. */
function place({ shape, data }: Value, into: Float64Array, target: Shape, offset: number): void {
  positions(shape, strides(target), offset).forEach((to, i) => {
    into[to] = data[i] as number;
  });
}

const offsetOf = (shape: Shape, index: readonly number[]): number =>
  strides(shape).reduce((sum, stride, axis) => sum + stride * (index[axis] as number), 0);

/** Reductions and movement: everything that only says which element goes where. */
export const movementKernels = {
  reduceSum: reduction(0, (total, x) => total + x),
  reduceMax: reduction(Number.NEGATIVE_INFINITY, Math.max),
  broadcast: ({ axes }, inputs, result) => {
    const { data } = inputs[0] as Value;
    return take(data, positions(result, stridesWithout(result, axes)));
  },
  reshape: (_, inputs) => (inputs[0] as Value).data.slice(),
  transpose: ({ permutation }, inputs, result) => {
    const { shape, data } = inputs[0] as Value;
    const steps = strides(shape);
    return take(
      data,
      positions(
        result,
        permutation.map((axis) => steps[axis] as number),
      ),
    );
  },
  slice: ({ begin, size }, inputs) => {
    const { shape, data } = inputs[0] as Value;
    return take(data, positions(size, strides(shape), offsetOf(shape, begin)));
  },
  pad: ({ before }, inputs, result) => {
    const padded = new Float64Array(elements(result));
    place(inputs[0] as Value, padded, result, offsetOf(result, before));
    return padded;
  },
  concat: ({ axis }, inputs, result) => {
    const joined = new Float64Array(elements(result));
    let begin = 0;
    for (const input of inputs) {
      place(input, joined, result, begin * (strides(result)[axis] as number));
      begin += input.shape[axis] as number;
    }
    return joined;
  },
} satisfies {
  [K in 'reduceSum' | 'reduceMax' | 'broadcast' | 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat']: Kernel<K>;
};
