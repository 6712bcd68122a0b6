import type { PackedImages } from '../data/pixels.ts';

/** One channel of an image: float64 [height,width]. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** Channel `channel` of image `index`, its bytes as they are: 0 to 255. */
export function planeOf({ size, channels, pixels }: PackedImages, index: number, channel: number): Plane {
  const [height, width] = size;
  const begin = index * height * width * channels + channel;
  const values = Float64Array.from({ length: height * width }, (_, at) => pixels[begin + at * channels] as number);
  return { height, width, values };
}

/** The mean over the channels of image `index`. */
export function greyPlane(images: PackedImages, index: number): Plane {
  const planes = Array.from({ length: images.channels }, (_, channel) => planeOf(images, index, channel));
  const [first, ...rest] = planes as [Plane, ...Plane[]];
  for (const { values } of rest) {
    for (const [at, value] of values.entries()) first.values[at] = (first.values[at] as number) + value;
  }
  return { ...first, values: first.values.map((value) => value / planes.length) };
}

/** A filter along one axis: output i is the sum of weights[i][t] times input firsts[i] + t. */
export interface AxisFilter {
  readonly firsts: readonly number[];
  readonly weights: readonly Float64Array[];
}

/** Applies a filter along the width and another along the height. */
export function filterPlane(plane: Plane, alongHeight: AxisFilter, alongWidth: AxisFilter): Plane {
  const width = alongWidth.firsts.length;
  const wide = new Float64Array(plane.height * width);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < width; x++) {
      wide[y * width + x] = weigh(
        plane.values,
        y * plane.width + (alongWidth.firsts[x] as number),
        1,
        alongWidth.weights[x],
      );
    }
  }
  const height = alongHeight.firsts.length;
  const values = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      values[y * width + x] = weigh(wide, (alongHeight.firsts[y] as number) * width + x, width, alongHeight.weights[y]);
    }
  }
  return { height, width, values };
}

function weigh(
  values: Float64Array,
  begin: number,
  stride: number,
  weights: Float64Array = new Float64Array(),
): number {
  let sum = 0;
  for (let t = 0; t < weights.length; t++) sum += (weights[t] as number) * (values[begin + t * stride] as number);
  return sum;
}
