import type { PoolAttributes, Window } from '../tensor/operators.ts';
import { axisSize, formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul } from './elementwise.ts';
import { like, type Op, op, shapeError } from './op.ts';
import { outputSize, resolveWindow, spatial, type WindowOptions } from './window.ts';

function pooledShape(x: Tensor, { size, ...window }: PoolAttributes): Shape {
  expectNoEmptyWindow(size, window);
  return [x.shape[0] as number, ...outputSize(spatial(x, 'pooling input'), size, window), axisSize(x.shape, 3)];
}

/** A window that lies on padding alone has no maximum and no mean. */
function expectNoEmptyWindow([height, width]: readonly [number, number], { padding }: Window): void {
  const [top, bottom, left, right] = padding;
  if (Math.max(top, bottom) < height && Math.max(left, right) < width) return;
  throw shapeError(
    'pool_padding',
    `pooling by [${height},${width}] expects padding below its size, but received [${padding}]`,
  );
}

function expectPooled(name: string, pooled: Tensor, expected: Shape): void {
  if (!sameShape(pooled.shape, expected)) {
    throw shapeError(
      'pool_gradient_shape',
      `${name} expects an output gradient of ${formatShape(expected)}, but received ${formatShape(pooled.shape)}`,
    );
  }
}

const maxPoolOp: Op<'maxPool'> = op('maxPool', {
  result: (attributes, x) => ({ shape: pooledShape(x, attributes), dtype: 'float32' }),
  gradient: (dy, { attributes }, x) => [() => maxPoolGradientOp(attributes, x, dy)],
});

/** dx from x and dy: each window's gradient goes to its first maximum. */
const maxPoolGradientOp: Op<'maxPoolGradient'> = op('maxPoolGradient', {
  result: (attributes, x, dy) => {
    expectPooled('maxPoolGradient', dy, pooledShape(x, attributes));
    return like(x);
  },
  gradient: (ddx, { attributes }, x) => [undefined, () => maxPoolGatherOp(attributes, x, ddx)],
});

/** The value of ddx at each window's first maximum of x: the adjoint of maxPoolGradient. */
const maxPoolGatherOp: Op<'maxPoolGather'> = op('maxPoolGather', {
  result: (attributes, x, ddx) => {
    if (!sameShape(x.shape, ddx.shape)) {
      throw shapeError(
        'pool_gather_shape',
        `maxPoolGather expects two images of ${formatShape(x.shape)}, but received ${formatShape(ddx.shape)}`,
      );
    }
    return { shape: pooledShape(x, attributes), dtype: 'float32' };
  },
  gradient: (dy, { attributes }, x) => [undefined, () => maxPoolGradientOp(attributes, x, dy)],
});

const averagePoolOp: Op<'averagePool'> = op('averagePool', {
  result: (attributes, x) => ({ shape: pooledShape(x, attributes), dtype: 'float32' }),
  gradient: (dy, { attributes }, x) => [() => averagePoolGradientOp({ ...attributes, inputSize: spatial(x, 'x') }, dy)],
});

const averagePoolGradientOp: Op<'averagePoolGradient'> = op('averagePoolGradient', {
  result: ({ inputSize, size, ...window }, dy) => {
    const [n] = dy.shape as [number];
    const channels = axisSize(dy.shape, 3);
    expectNoEmptyWindow(size, window);
    expectPooled('averagePoolGradient', dy, [n, ...outputSize(inputSize, size, window), channels]);
    return { shape: [n, ...inputSize, channels], dtype: 'float32' };
  },
  gradient: (ddx, { attributes: { size, stride, padding } }) => [() => averagePoolOp({ size, stride, padding }, ddx)],
});

const upsampleNearestOp: Op<'upsampleNearest'> = op('upsampleNearest', {
  result: ({ scale }, x) => {
    const [height, width] = spatial(x, 'upsampleNearest input');
    if (!Number.isInteger(scale) || scale < 1) {
      throw shapeError('upsample_scale', `upsampleNearest expects a whole scale >= 1, but received ${scale}`);
    }
    return { shape: [x.shape[0] as number, height * scale, width * scale, axisSize(x.shape, 3)], dtype: 'float32' };
  },
  gradient: (dy, { attributes: { scale } }) => [
    () => mul(scale * scale, averagePool(dy, scale, { stride: scale, padding: 'valid' })),
  ],
});

/** The ops of this file, for the rule table. */
export const poolOps = {
  maxPool: maxPoolOp,
  maxPoolGradient: maxPoolGradientOp,
  maxPoolGather: maxPoolGatherOp,
  averagePool: averagePoolOp,
  averagePoolGradient: averagePoolGradientOp,
  upsampleNearest: upsampleNearestOp,
};

const poolAttributes = (x: Tensor, size: number, options: WindowOptions): PoolAttributes => ({
  size: [size, size],
  ...resolveWindow(spatial(x, 'pooling input'), [size, size], { stride: size, padding: 'valid', ...options }),
});

/** The maximum of each size x size window; padding never wins. x [N,H,W,C] -> [N,P,Q,C]. Stride defaults to `size`, padding
 *  to 'valid'. The gradient goes to the first maximum. */
export const maxPool = (x: Tensor, size: number, options: WindowOptions = {}): Tensor =>
  maxPoolOp(poolAttributes(x, size, options), x);

/** The mean of each size x size window; padding is not counted. x [N,H,W,C] -> [N,P,Q,C]. Defaults as in maxPool. */
export const averagePool = (x: Tensor, size: number, options: WindowOptions = {}): Tensor =>
  averagePoolOp(poolAttributes(x, size, options), x);

/** Every pixel repeated scale x scale times. x [N,H,W,C] -> [N,scale*H,scale*W,C]. */
export const upsampleNearest = (x: Tensor, scale = 2): Tensor => (scale === 1 ? x : upsampleNearestOp({ scale }, x));
