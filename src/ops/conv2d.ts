import { axisSize, formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Op, op, shapeError } from './op.ts';
import { outputSize, resolveWindow, spatial, type WindowOptions } from './window.ts';

function expectChannels(name: string, what: string, image: Tensor, filter: Tensor, axis: 0 | 3): void {
  const channels = axisSize(image.shape, 3);
  if (axisSize(filter.shape, axis) !== channels) {
    const expected = filter.shape.with(axis, channels);
    throw shapeError(
      'conv2d_channels',
      `${name} expects a filter of ${channels} ${what} channels, w ${formatShape(expected)}, but received ${formatShape(filter.shape)}`,
    );
  }
}

const conv2dOp: Op<'conv2d'> = op('conv2d', {
  result: (window, x, w) => {
    const [n] = x.shape as [number];
    const size = outputSize(spatial(x, 'conv2d input'), spatial(w, 'conv2d filter'), window);
    expectChannels('conv2d', 'input', x, w, 3);
    return { shape: [n, ...size, axisSize(w.shape, 0)], dtype: 'float32' };
  },
  gradient: (dy, { attributes: { stride, padding } }, x, w) => [
    () => inputGradientOp({ stride, padding, inputSize: spatial(x, 'x') }, dy, w),
    () => filterGradientOp({ stride, padding, filterSize: spatial(w, 'w') }, x, dy),
  ],
});

const inputGradientOp: Op<'conv2dInputGradient'> = op('conv2dInputGradient', {
  result: ({ inputSize, ...window }, dy, w) => {
    const [n] = dy.shape as [number];
    const given = spatial(dy, 'conv2dInputGradient output gradient');
    const reached = outputSize(inputSize, spatial(w, 'conv2d filter'), window);
    if (given[0] !== reached[0] || given[1] !== reached[1]) {
      throw shapeError(
        'conv2d_input_size',
        `conv2dInputGradient to ${formatShape(inputSize)} expects an output gradient of ${formatShape(reached)}, but received ${formatShape(given)}`,
      );
    }
    expectChannels('conv2dInputGradient', 'output', dy, w, 0);
    return { shape: [n, ...inputSize, axisSize(w.shape, 3)], dtype: 'float32' };
  },
  gradient: (ddx, { attributes: { stride, padding } }, dy, w) => [
    () => conv2dOp({ stride, padding }, ddx, w),
    () => filterGradientOp({ stride, padding, filterSize: spatial(w, 'w') }, ddx, dy),
  ],
});

const filterGradientOp: Op<'conv2dFilterGradient'> = op('conv2dFilterGradient', {
  result: ({ filterSize, ...window }, x, dy) => {
    const given = spatial(dy, 'conv2dFilterGradient output gradient');
    const reached = outputSize(spatial(x, 'conv2dFilterGradient input'), filterSize, window);
    if (given[0] !== reached[0] || given[1] !== reached[1] || x.shape[0] !== dy.shape[0]) {
      throw shapeError(
        'conv2d_filter_size',
        `conv2dFilterGradient of x ${formatShape(x.shape)} expects an output gradient of ${formatShape([x.shape[0] as number, ...reached])}, but received ${formatShape(dy.shape)}`,
      );
    }
    return { shape: [axisSize(dy.shape, 3), ...filterSize, axisSize(x.shape, 3)], dtype: 'float32' };
  },
  gradient: (ddw, { attributes: { stride, padding } }, x, dy) => [
    () => inputGradientOp({ stride, padding, inputSize: spatial(x, 'x') }, dy, ddw),
    () => conv2dOp({ stride, padding }, x, ddw),
  ],
});

/** The ops of this file, for the rule table. */
export const conv2dOps = {
  conv2d: conv2dOp,
  conv2dInputGradient: inputGradientOp,
  conv2dFilterGradient: filterGradientOp,
};

/** Cross-correlation. x [N,H,W,C], w [K,R,S,C] -> [N,P,Q,K]; P = ceil(H / stride) for 'same' padding (the default).
 *  Linear in x and in w, so this op and its two gradients are each other's derivatives, to any order.
 *  @throws ShapeError if C differs or the filter does not fit. @see arXiv:1603.07285 */
export const conv2d = (x: Tensor, w: Tensor, options: WindowOptions = {}): Tensor =>
  conv2dOp(resolveWindow(spatial(x, 'conv2d input'), spatial(w, 'conv2d filter'), options), x, w);

/** Transposed convolution: the input gradient of the convolution whose filter is w. x [N,P,Q,K], w [K,R,S,C] -> [N,H,W,C].
 *  `outputSize` [H,W] defaults to stride * [P,Q]. @throws ShapeError if K differs or [H,W] does not lead to [P,Q]. */
export function conv2dTranspose(
  x: Tensor,
  w: Tensor,
  options: WindowOptions & { readonly outputSize?: readonly [number, number] } = {},
): Tensor {
  const [height, width] = spatial(x, 'conv2dTranspose input');
  const [down, across] =
    typeof options.stride === 'number' ? [options.stride, options.stride] : (options.stride ?? [1, 1]);
  const inputSize = options.outputSize ?? [height * down, width * across];
  const window = resolveWindow(inputSize, spatial(w, 'conv2dTranspose filter'), options);
  return inputGradientOp({ ...window, inputSize }, x, w);
}
