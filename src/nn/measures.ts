import {
  add,
  concat,
  div,
  mul,
  perSample,
  reduceMax,
  reduceMean,
  reshape,
  slice,
  sqrt,
  square,
  sub,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What formulas read off images [N,H,W,C] in [-1, 1], by name: [N] in [0, 1], differentiable. */
export const MEASURES = { brightness, sharpness };

/** One of MEASURES. */
export type MeasureName = keyof typeof MEASURES;

/** Parts of red, green and blue in luminance. @see ITU-R Recommendation BT.709 */
const LUMINANCE = [0.2126, 0.7152, 0.0722];

/** Luminance of images [N,H,W,C], [N,H,W] in [0, 1]. Transparency counts for nothing. */
function luminance(images: Tensor): Tensor {
  const [count, height, width, channels] = images.shape as [number, number, number, number];
  const channel = (index: number): Tensor =>
    reshape(slice(images, [0, 0, 0, index], [count, height, width, 1]), [count, height, width]);
  const level =
    channels === 1 ? channel(0) : LUMINANCE.map((part, index) => mul(part, channel(index))).reduce((a, b) => add(a, b));
  return mul(0.5, add(level, 1));
}

/** The mean luminance of each image. */
function brightness(images: Tensor): Tensor {
  return reduceMean(luminance(images), [1, 2]);
}

/** Keeps the slope's derivative finite where an image is flat; well below a slope of one level of 255. */
const SMALLEST_SLOPE = 1e-4;

/** The mean slope of each image's luminance, relative to its largest; 0 of an image of one level. */
function sharpness(images: Tensor): Tensor {
  const levels = luminance(images);
  const squares = add(square(differences(levels, 1)), square(differences(levels, 2)));
  const slopes = sub(sqrt(add(squares, SMALLEST_SLOPE ** 2)), SMALLEST_SLOPE);
  const largest = add(reduceMax(slopes, [1, 2]), SMALLEST_SLOPE);
  return reduceMean(div(slopes, perSample(largest, slopes.shape)), [1, 2]);
}

/** Slopes along an axis of x [N,H,W], as steep per pixel: central differences inside, first differences at both ends. */
function differences(x: Tensor, axis: 1 | 2): Tensor {
  const length = x.shape[axis] as number;
  const rows = (of: Tensor, first: number, size: number): Tensor =>
    slice(
      of,
      of.shape.map((_, i) => (i === axis ? first : 0)),
      of.shape.with(axis, size),
    );
  const first = sub(rows(x, 1, length - 1), rows(x, 0, length - 1));
  const inside = mul(0.5, add(rows(first, 0, length - 2), rows(first, 1, length - 2)));
  return concat([rows(first, 0, 1), inside, rows(first, length - 2, 1)], axis);
}
