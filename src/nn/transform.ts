import {
  add,
  broadcast,
  conv2d,
  conv2dEnlarged,
  conv2dTranspose,
  flatten,
  matmul,
  type Padding,
  reshape,
} from '../ops/index.ts';
import { shapeError } from '../ops/op.ts';
import { outputSize, resolveWindow } from '../ops/window.ts';
import { elements, formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The linear part of a layer: what its weight does to x. Shapes are per sample. */
export interface Transform {
  readonly description: string;
  readonly weightShape: Shape;
  /** [channels], or the whole output shape where every unit has a weight of its own. */
  readonly biasShape: Shape;
  readonly outputShape: Shape;
  /** x [N, ...input], weight -> [N, ...output]. */
  apply(x: Tensor, weight: Tensor): Tensor;
}

/** Makes the transform of a block for inputs of a shape, per sample. */
export type TransformBuilder = (inputShape: Shape) => Transform;

/** What a convolution is made of. Stride 1 and padding 'same' where nothing else is said. */
export interface ConvolutionOptions {
  /** Of the output. */
  readonly channels: number;
  /** Side of the filter in pixels. */
  readonly kernel: number;
  /** The CPU trains with any, the CUDA kernels with 1 and 2. */
  readonly stride?: number;
  readonly padding?: Padding;
}

function image(shape: Shape, what: string): [number, number, number] {
  if (shape.length !== 3)
    throw shapeError('image_expected', `${what} expects images [H,W,C], but received ${formatShape(shape)}`);
  return [...shape] as [number, number, number];
}

const describe = (name: string, kernel: number, stride: number) => `${name}${kernel}${stride > 1 ? ` s${stride}` : ''}`;

/** Fully connected: flattens its input, and reshapes its output to `shape`. Weight [inputs, outputs]. */
export const linear =
  (shape: Shape): TransformBuilder =>
  (inputShape) => ({
    description: 'linear',
    weightShape: [elements(inputShape), elements(shape)],
    biasShape: shape,
    outputShape: shape,
    apply: (x, weight) => reshape(matmul(flatten(x), weight), [x.shape[0] as number, ...shape]),
  });

/** Convolution. Weight [K,R,S,C]. Stride defaults to 1, padding to 'same'. */
export const convolution =
  ({ channels, kernel, stride = 1, padding = 'same' }: ConvolutionOptions): TransformBuilder =>
  (inputShape) => {
    const [height, width, depth] = image(inputShape, `conv${kernel}`);
    const window = resolveWindow([height, width], [kernel, kernel], { stride, padding });
    return {
      description: describe('conv', kernel, stride),
      weightShape: [channels, kernel, kernel, depth],
      biasShape: [channels],
      outputShape: [...outputSize([height, width], [kernel, kernel], window), channels],
      apply: (x, weight) => conv2d(x, weight, { stride, padding }),
    };
  };

/** The convolution of stride 1 and 'same' padding of the image enlarged `scale` times to nearest neighbours. Weight [K,R,S,C]. */
export const enlargedConvolution =
  ({
    channels,
    kernel,
    scale,
  }: {
    readonly channels: number;
    readonly kernel: number;
    readonly scale: number;
  }): TransformBuilder =>
  (inputShape) => {
    const [height, width, depth] = image(inputShape, `nearest ${scale}x, conv${kernel}`);
    return {
      description: `nearest ${scale}x, conv${kernel}`,
      weightShape: [channels, kernel, kernel, depth],
      biasShape: [channels],
      outputShape: [height * scale, width * scale, channels],
      apply: (x, weight) => conv2dEnlarged(x, weight, scale),
    };
  };

/** Transposed convolution: the input gradient of a convolution of the same options. Weight [input channels, R, S, channels].
 *  'same' multiplies height and width by the stride; 'valid' gives (in - 1) * stride + kernel. */
export const transposedConvolution =
  ({ channels, kernel, stride = 1, padding = 'same' }: ConvolutionOptions): TransformBuilder =>
  (inputShape) => {
    const [height, width, depth] = image(inputShape, `tconv${kernel}`);
    const grow = (size: number) => (padding === 'valid' ? (size - 1) * stride + kernel : size * stride);
    const size: [number, number] = [grow(height), grow(width)];
    return {
      description: describe('tconv', kernel, stride),
      weightShape: [depth, kernel, kernel, channels],
      biasShape: [channels],
      outputShape: [...size, channels],
      apply: (x, weight) => conv2dTranspose(x, weight, { stride, padding, outputSize: size }),
    };
  };

/** x [N, ...] + bias, whose shape is that of the last axes of x. */
export const addBias = (x: Tensor, bias: Tensor): Tensor => {
  const leading = x.shape.length - bias.shape.length;
  return add(x, broadcast(bias, [...Array(leading).keys()], x.shape));
};
