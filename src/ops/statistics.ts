import { LIMITS, type ResultType } from '../tensor/operators.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, mul, square, sub } from './elementwise.ts';
import { broadcast, row, stack } from './movement.ts';
import { listShapes, op, shapeError } from './op.ts';
import { droppedAxes, reduceMean, reduceSum } from './reduce.ts';

const dropAxesOfSums = droppedAxes('sums');
const dropAxesOfMoments = droppedAxes('moments');

const rows = (count: number, { shape, dtype }: ResultType): ResultType => ({ shape: [count, ...shape], dtype });

const sumsOp = op('sums', {
  result: (attributes, ...inputs) => {
    const [first] = inputs;
    if (!first || inputs.length > LIMITS.sums || inputs.some(({ shape }) => !sameShape(shape, first.shape))) {
      throw shapeError(
        'sums_shapes',
        `sums expects 1 to ${LIMITS.sums} tensors of one shape, but received ${listShapes(inputs)}`,
      );
    }
    return rows(inputs.length, dropAxesOfSums(attributes, first));
  },
  gradient: (dy, { attributes: { axes, factor } }, ...inputs) =>
    inputs.map(
      ({ shape }, i) =>
        () =>
          broadcast(mul(factor, row(dy, i)), axes, shape),
    ),
  decompose: ({ axes, factor }, ...inputs) => stack(inputs.map((x) => mul(factor, reduceSum(x, axes)))),
});

const momentsOp = op('moments', {
  result: (attributes, x) => rows(2, dropAxesOfMoments(attributes, x)),
  gradient: (dy, y, x) => [
    () => {
      const { axes } = y.attributes;
      const share = 1 / reducedElements(x.shape, axes);
      const spread = (t: Tensor, factor: number) => broadcast(mul(factor, t), axes, x.shape);
      const deviation = sub(x, broadcast(row(y, 0), axes, x.shape));
      return add(spread(row(dy, 0), share), mul(deviation, spread(row(dy, 1), 2 * share)));
    },
  ],
  // About the mean, since E[x^2] - E[x]^2 loses all digits when the mean is large.
  decompose: ({ axes }, x) => {
    const mean = reduceMean(x, axes);
    return stack([mean, reduceMean(square(sub(x, broadcast(mean, axes, x.shape))), axes)]);
  },
});

const reducedElements = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((product, axis) => product * (shape[axis] as number), 1);

/** The ops of this file, for the rule table. */
export const statisticsOps = { sums: sumsOp, moments: momentsOp };

/** The means of up to `LIMITS.sums` tensors of one shape over ascending `axes`, in one pass over memory where a device can. */
export const means = (xs: readonly Tensor[], axes: readonly number[]): Tensor[] => {
  const [{ shape }] = xs as [Tensor];
  return scaledSums(xs, axes, 1 / reducedElements(shape, axes));
};

/** The sums of up to `LIMITS.sums` tensors of one shape over ascending `axes`, in one pass over memory where a device can. */
export const sums = (xs: readonly Tensor[], axes: readonly number[]): Tensor[] => scaledSums(xs, axes, 1);

function scaledSums(xs: readonly Tensor[], axes: readonly number[], factor: number): Tensor[] {
  const all = sumsOp({ axes, factor }, ...xs);
  return xs.map((_, i) => row(all, i));
}

/** Mean and (biased) variance, shaped like x without the axes they were taken over. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Moments over ascending `axes`, in one pass over memory where a device can. */
export function moments(x: Tensor, axes: readonly number[]): Moments {
  const both = momentsOp({ axes }, x);
  return { mean: row(both, 0), variance: row(both, 1) };
}
