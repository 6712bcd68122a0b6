import type { Tensor4D, Tensor as TfjsTensor } from '@tensorflow/tfjs';
import type { PoolAttributes, Window } from '../../tensor/operators.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tfjs } from './backend.ts';
import { type Kernels, mutable } from './kernel.ts';

type WindowOp =
  | 'conv2d'
  | 'conv2dInputGradient'
  | 'conv2dFilterGradient'
  | 'maxPool'
  | 'maxPoolGradient'
  | 'maxPoolGather'
  | 'averagePool'
  | 'averagePoolGradient'
  | 'upsampleNearest';

type Size = readonly [number, number];

/** Below every float32 that a network could hold, so that padding never wins a maximum. */
const LOWEST = -3.4e38;

/** Convolutions and pools. Padding is made explicit and the kernels run as 'valid', which means the same in every backend;
 *  tfjs's own derivative kernels are called directly, since its gradient functions do not differentiate again. */
export function windowKernels(tf: Tfjs): Kernels<WindowOp> {
  const padded = (x: TfjsTensor, { padding: [top, bottom, left, right] }: Window, value = 0): Tensor4D =>
    tf.pad(
      x as Tensor4D,
      [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
      value,
    );

  /** The part of a padded image that is not padding. */
  const cropped = (x: TfjsTensor, { padding: [top, , left] }: Window, [height, width]: Size): TfjsTensor =>
    tf.slice(x, [0, top, left, 0], [-1, height, width, -1]);

  const paddedShape = ([n, h, w, c]: Shape, { padding }: Window): [number, number, number, number] => [
    n as number,
    (h as number) + padding[0] + padding[1],
    (w as number) + padding[2] + padding[3],
    c as number,
  ];

  /** [K,R,S,C] -> [R,S,C,K]. */
  const toTfjsFilter = (w: TfjsTensor): Tensor4D => tf.transpose(w as Tensor4D, [1, 2, 3, 0]);

  const derivative = (kernel: string, inputs: Record<string, TfjsTensor>, attributes: object): TfjsTensor =>
    tf.engine().runKernel(kernel, inputs, { pad: 'valid', ...attributes }) as TfjsTensor;

  const poolGeometry = ({ size, stride }: PoolAttributes) => ({ filterSize: mutable(size), strides: mutable(stride) });

  const valid = (x: TfjsTensor, attributes: PoolAttributes, kind: 'max' | 'avg', padding: number): Tensor4D =>
    tf.pool(padded(x, attributes, padding), [...attributes.size], kind, 'valid', [1, 1], [...attributes.stride]);

  /** The share of every window that lies on the image of [H,W], [1,P,Q,1]. */
  const coverage = (attributes: PoolAttributes, [height, width]: Size): Tensor4D =>
    valid(tf.ones([1, height, width, 1]), attributes, 'avg', 0);

  const sizeOf = (x: TfjsTensor): Size => x.shape.slice(1, 3) as [number, number];

  return {
    conv2d: (window, _, x, w) => tf.conv2d(padded(x, window), toTfjsFilter(w), [...window.stride], 'valid'),
    conv2dInputGradient: (window, result, dy, w) => {
      const shape = paddedShape(result, window);
      const dx = tf.conv2dTranspose(dy as Tensor4D, toTfjsFilter(w), shape, [...window.stride], 'valid');
      return cropped(dx, window, window.inputSize);
    },
    conv2dFilterGradient: (window, [filters, rows, columns, channels], x, dy) => {
      const dw = derivative(
        'Conv2DBackpropFilter',
        { x: padded(x, window), dy },
        { strides: mutable(window.stride), dataFormat: 'NHWC', filterShape: [rows, columns, channels, filters] },
      );
      return tf.transpose(dw, [3, 0, 1, 2]);
    },
    maxPool: (attributes, _, x) => valid(x, attributes, 'max', LOWEST),
    maxPoolGradient: (attributes, _, x, dy) => {
      const input = padded(x, attributes, LOWEST);
      const output = valid(x, attributes, 'max', LOWEST);
      const dx = derivative('MaxPoolGrad', { dy, input, output }, poolGeometry(attributes));
      return cropped(dx, attributes, sizeOf(x));
    },
    maxPoolGather: (attributes, _, x, ddx) => {
      const image = padded(x, attributes, LOWEST);
      const { indexes } = tf.maxPoolWithArgmax(image, [...attributes.size], [...attributes.stride], 'valid', true);
      return tf.gather(tf.reshape(padded(ddx, attributes), [-1]), indexes as TfjsTensor);
    },
    averagePool: (attributes, _, x) => tf.div(valid(x, attributes, 'avg', 0), coverage(attributes, sizeOf(x))),
    averagePoolGradient: (attributes, result, dy) => {
      const share = tf.div(dy, coverage(attributes, attributes.inputSize));
      const input = tf.zeros(paddedShape(result, attributes));
      return cropped(
        derivative('AvgPoolGrad', { dy: share, input }, poolGeometry(attributes)),
        attributes,
        attributes.inputSize,
      );
    },
    upsampleNearest: (_, [, height, width], x) =>
      tf.image.resizeNearestNeighbor(x as Tensor4D, [height as number, width as number]),
  };
}
