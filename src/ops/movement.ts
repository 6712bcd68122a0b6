import { elements, formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { listShapes, op, shapeError } from './op.ts';
import { reduceSum } from './reduce.ts';

const broadcastOp = op('broadcast', {
  result: ({ axes, shape }, x) => {
    const kept = shape.filter((_, axis) => !axes.includes(axis));
    const ascending = axes.every((axis, i) => axis > (axes[i - 1] ?? -1) && axis < shape.length);
    if (!ascending || !sameShape(kept, x.shape)) {
      throw shapeError(
        'broadcast_shape',
        `broadcast to ${formatShape(shape)} along ascending axes [${axes}] expects an input of shape ${formatShape(kept)}, but received ${formatShape(x.shape)}`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  gradient: (dy, { attributes: { axes } }) => [() => reduceSum(dy, axes)],
});

/** Reshapes even to the same shape. */
export const reshapeOp = op('reshape', {
  result: ({ shape }, x) => {
    if (elements(shape) !== elements(x.shape)) {
      throw shapeError(
        'reshape_elements',
        `reshape of ${formatShape(x.shape)} to ${formatShape(shape)} would change the number of elements from ${elements(x.shape)} to ${elements(shape)}`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  gradient: (dy, _, x) => [() => reshape(dy, x.shape)],
});

const transposeOp = op('transpose', {
  result: ({ permutation }, x) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw shapeError(
        'transpose_permutation',
        `transpose of ${formatShape(x.shape)} expects a permutation of its ${x.shape.length} axes, but received [${permutation}]`,
      );
    }
    return { shape: permutation.map((axis) => x.shape[axis] as number), dtype: x.dtype };
  },
  gradient: (dy, { attributes: { permutation } }) => [
    () =>
      transpose(
        dy,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
});

const concatOp = op('concat', {
  result: ({ axis }, ...inputs) => {
    const [first] = inputs;
    const others = (shape: Shape) => formatShape(shape.filter((_, i) => i !== axis));
    if (
      !first ||
      axis < 0 ||
      axis >= first.shape.length ||
      inputs.some((t) => t.dtype !== first.dtype || others(t.shape) !== others(first.shape))
    ) {
      throw shapeError(
        'concat_shapes',
        `concat along axis ${axis} expects one type and shapes that agree in every other axis, but received ${listShapes(inputs)}`,
      );
    }
    const joined = inputs.reduce((sum, t) => sum + (t.shape[axis] as number), 0);
    return { shape: first.shape.with(axis, joined), dtype: first.dtype };
  },
  gradient: (dy, { attributes: { axis } }, ...inputs) => {
    let offset = 0;
    return inputs.map(({ shape }) => {
      const begin = shape.map(() => 0).with(axis, offset);
      offset += shape[axis] as number;
      return () => slice(dy, begin, shape);
    });
  },
});

const sliceOp = op('slice', {
  result: ({ begin, size }, x) => {
    const fits =
      begin.length === x.shape.length &&
      size.length === x.shape.length &&
      x.shape.every(
        (length, i) =>
          (begin[i] as number) >= 0 && (size[i] as number) > 0 && (begin[i] as number) + (size[i] as number) <= length,
      );
    if (!fits) {
      throw shapeError(
        'slice_range',
        `slice from [${begin}] of size [${size}] does not lie within ${formatShape(x.shape)}`,
      );
    }
    return { shape: size, dtype: x.dtype };
  },
  gradient: (dy, { attributes: { begin, size } }, x) => [
    () =>
      pad(
        dy,
        begin,
        x.shape.map((length, i) => length - (begin[i] as number) - (size[i] as number)),
      ),
  ],
});

const padOp = op('pad', {
  result: ({ before, after }, x) => {
    if ([before, after].some((p) => p.length !== x.shape.length || p.some((n) => n < 0))) {
      throw shapeError(
        'pad_amounts',
        `pad of ${formatShape(x.shape)} expects one amount >= 0 per axis on either side, but received [${before}] and [${after}]`,
      );
    }
    return { shape: x.shape.map((length, i) => (before[i] as number) + length + (after[i] as number)), dtype: x.dtype };
  },
  gradient: (dy, { attributes: { before } }, x) => [() => slice(dy, before, x.shape)],
});

/** The ops of this file, for the rule table. */
export const movementOps = {
  broadcast: broadcastOp,
  reshape: reshapeOp,
  transpose: transposeOp,
  concat: concatOp,
  slice: sliceOp,
  pad: padOp,
};

/** Repeats x along new axes. `axes` are positions in the result `shape`; x has the result's other axes, in order. */
export const broadcast = (x: Tensor, axes: readonly number[], shape: Shape): Tensor =>
  axes.length === 0 && formatShape(shape) === formatShape(x.shape) ? x : broadcastOp({ axes, shape }, x);

/** A scalar repeated over a whole shape. */
export const broadcastScalar = (x: Tensor, shape: Shape): Tensor =>
  broadcast(
    x,
    shape.map((_, axis) => axis),
    shape,
  );

/** x [C] repeated over all leading axes of `shape` [..., C]: a bias, a gain. */
export const perChannel = (x: Tensor, shape: Shape): Tensor =>
  broadcast(
    x,
    shape.slice(1).map((_, axis) => axis),
    shape,
  );

/** x [N] repeated over all trailing axes of `shape` [N, ...]: a weight per sample. */
export const perSample = (x: Tensor, shape: Shape): Tensor =>
  broadcast(
    x,
    shape.slice(1).map((_, axis) => axis + 1),
    shape,
  );

/** The same elements in the same order under another shape. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  formatShape(shape) === formatShape(x.shape) ? x : reshapeOp({ shape }, x);

/** [N, ...] -> [N, product of the rest]. */
export const flatten = (x: Tensor): Tensor => reshape(x, [x.shape[0] as number, elements(x.shape.slice(1))]);

/** Axis i of the result is axis `permutation[i]` of x. */
export const transpose = (x: Tensor, permutation: readonly number[]): Tensor => transposeOp({ permutation }, x);

/** Joins tensors along an axis (>= 0). */
export const concat = (inputs: readonly Tensor[], axis: number): Tensor => concatOp({ axis }, ...inputs);

/** The block of shape `size` that starts at index `begin`. */
export const slice = (x: Tensor, begin: readonly number[], size: Shape): Tensor =>
  formatShape(size) === formatShape(x.shape) ? x : sliceOp({ begin, size }, x);

/** Tensors of one shape as the rows of one: [k, ...]. */
export const stack = (rows: readonly Tensor[]): Tensor =>
  concat(
    rows.map((t) => reshape(t, [1, ...t.shape])),
    0,
  );

/** Row `i` of x [k, ...], without the leading axis. */
export const row = (x: Tensor, i: number): Tensor => {
  const rest = x.shape.slice(1);
  return reshape(slice(x, [i, ...rest.map(() => 0)], [1, ...rest]), rest);
};

/** Zeros around x: `before[i]` and `after[i]` of them along axis i. */
export const pad = (x: Tensor, before: readonly number[], after: readonly number[]): Tensor =>
  [...before, ...after].every((n) => n === 0) ? x : padOp({ before, after }, x);
