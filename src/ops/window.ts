import type { Window } from '../tensor/operators.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { shapeError } from './op.ts';

/** Zeros around an image. 'same': out = ceil(in / stride), the odd zero at the bottom and right, as TensorFlow pads.
 *  'valid': none. A number: the same on all four sides. Or [top, bottom, left, right]. */
export type Padding = 'same' | 'valid' | number | readonly [number, number, number, number];

/** How a window moves over an image: by 1 pixel with padding 'same' where nothing else is said. [height, width] where they differ. */
export interface WindowOptions {
  readonly stride?: number | readonly [number, number];
  readonly padding?: Padding;
}

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;

function samePadding(length: number, size: number, stride: number): [number, number] {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + size - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** The explicit window for an image of [height, width] and a filter of `size`. Stride defaults to 1, padding to 'same'. */
export function resolveWindow(
  image: readonly [number, number],
  size: readonly [number, number],
  options: WindowOptions,
): Window {
  const stride = pair(options.stride ?? 1);
  const padding = options.padding ?? 'same';
  if (padding === 'same') {
    const [top, bottom] = samePadding(image[0], size[0], stride[0]);
    const [left, right] = samePadding(image[1], size[1], stride[1]);
    return { stride, padding: [top, bottom, left, right] };
  }
  if (padding === 'valid') return { stride, padding: [0, 0, 0, 0] };
  return { stride, padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding };
}

function expectGeometry({ stride, padding }: Window): void {
  const whole = (least: number) => (n: number) => Number.isInteger(n) && n >= least;
  if (stride.every(whole(1)) && padding.every(whole(0))) return;
  throw shapeError(
    'window_geometry',
    `a window expects whole strides >= 1 and whole padding >= 0, but received stride [${stride}] and padding [${padding}]`,
  );
}

/** [height, width] that a window of `size` slides over an image to.
 *  @throws ShapeError if it does not fit even once, or if strides or padding are no whole numbers */
export function outputSize(
  image: readonly [number, number],
  size: readonly [number, number],
  window: Window,
): [number, number] {
  expectGeometry(window);
  const [top, bottom, left, right] = window.padding;
  const height = Math.floor((image[0] + top + bottom - size[0]) / window.stride[0]) + 1;
  const width = Math.floor((image[1] + left + right - size[1]) / window.stride[1]) + 1;
  if (height < 1 || width < 1) {
    throw shapeError(
      'window_too_large',
      `a window of ${formatShape(size)} does not fit into an image of ${formatShape(image)} padded by [${window.padding}]`,
    );
  }
  return [height, width];
}

/** Height and width of an image [N,H,W,C] or a filter [K,R,S,C]. @throws ShapeError unless it has four axes of float32. */
export function spatial(tensor: Tensor, role: string): [number, number] {
  const [, height, width, channels] = tensor.shape as Shape;
  if (channels === undefined || height === undefined || width === undefined || tensor.shape.length !== 4) {
    throw shapeError('image_rank', `${role} expects four axes, but received ${formatShape(tensor.shape)}`);
  }
  if (tensor.dtype !== 'float32')
    throw shapeError('image_dtype', `${role} expects float32, but received ${tensor.dtype}`);
  return [height, width];
}
