import type { ResultType } from '../tensor/operators.ts';
import { elements, formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { div, equal, mul } from './elementwise.ts';
import { broadcast } from './movement.ts';
import { op, shapeError } from './op.ts';

/** The shape rule of an op that drops `axes`. */
export function droppedAxes(name: string): (attributes: { axes: readonly number[] }, x: Tensor) => ResultType {
  return ({ axes }, x) => {
    const valid = axes.every(
      (axis, i) => Number.isInteger(axis) && axis >= 0 && axis < x.shape.length && axis > (axes[i - 1] ?? -1),
    );
    if (!valid) {
      throw shapeError(
        'reduce_axes',
        `${name} expects ascending axes of ${formatShape(x.shape)}, but received [${axes}]`,
      );
    }
    return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
  };
}

const reduceSumOp = op('reduceSum', {
  result: droppedAxes('reduceSum'),
  gradient: (dy, { attributes: { axes } }, x) => [() => broadcast(dy, axes, x.shape)],
});

const reduceMaxOp = op('reduceMax', {
  result: droppedAxes('reduceMax'),
  // Shared equally between elements that tie for the maximum.
  gradient: (dy, y, x) => [
    () => {
      const { axes } = y.attributes;
      const isMaximum = equal(x, broadcast(y, axes, x.shape));
      const share = div(dy, reduceSum(isMaximum, axes));
      return mul(isMaximum, broadcast(share, axes, x.shape));
    },
  ],
});

/** The ops of this file, for the rule table. */
export const reduceOps = { reduceSum: reduceSumOp, reduceMax: reduceMaxOp };

const allAxes = (shape: Shape): number[] => shape.map((_, axis) => axis);

/** The sum over ascending `axes` (default: all), which the result no longer has. */
export const reduceSum = (x: Tensor, axes: readonly number[] = allAxes(x.shape)): Tensor =>
  axes.length === 0 ? x : reduceSumOp({ axes }, x);

/** The maximum over ascending `axes` (default: all), which the result no longer has. Ties share the gradient. */
export const reduceMax = (x: Tensor, axes: readonly number[] = allAxes(x.shape)): Tensor =>
  axes.length === 0 ? x : reduceMaxOp({ axes }, x);

/** The mean over ascending `axes` (default: all), which the result no longer has. */
export const reduceMean = (x: Tensor, axes: readonly number[] = allAxes(x.shape)): Tensor => {
  const kept = elements(x.shape.filter((_, axis) => !axes.includes(axis)));
  return mul(kept / elements(x.shape), reduceSum(x, axes));
};

/** Every axis but the last: what batch normalisation reduces. */
export const allButChannel = (shape: Shape): number[] => allAxes(shape).slice(0, -1);

/** Every axis but the first: what layer normalisation reduces. */
export const allButSample = (shape: Shape): number[] => allAxes(shape).slice(1);
