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

/** The colours of image `index` as they look on white: one plane for grey, three for colour, with or without transparency. */
export function colourPlanes(images: PackedImages, index: number): Plane[] {
  const count = images.channels === 1 ? 1 : 3;
  const planes = Array.from({ length: count }, (_, channel) => planeOf(images, index, channel));
  if (images.channels < 4) return planes;
  const { values: opacity } = planeOf(images, index, 3);
  const onWhite = (value: number, at: number) => 255 + ((value - 255) * (opacity[at] as number)) / 255;
  return planes.map((plane) => ({ ...plane, values: plane.values.map(onWhite) }));
}

/** The mean over the colours of image `index`, on white where it is transparent. */
export function greyPlane(images: PackedImages, index: number): Plane {
  const planes = colourPlanes(images, index);
  const sum = weighPlanes(
    planes,
    planes.map(() => 1),
  );
  return { ...sum, values: sum.values.map((value) => value / planes.length) };
}

/** How bright colours look, as Pillow's mode L has it. */
const LUMINANCE = [0.299, 0.587, 0.114];

/** The brightness of three planes. */
export const luminance = (planes: readonly Plane[]): Plane => weighPlanes(planes, LUMINANCE);

function weighPlanes(planes: readonly Plane[], weights: readonly number[]): Plane {
  const { height, width } = planes[0] as Plane;
  const values = new Float64Array(height * width);
  for (const [i, plane] of planes.entries()) {
    const weight = weights[i] as number;
    for (let at = 0; at < values.length; at++) {
      values[at] = (values[at] as number) + weight * (plane.values[at] as number);
    }
  }
  return { height, width, values };
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
