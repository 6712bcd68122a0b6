import type { Config } from '../config/schema.ts';
import {
  add,
  allButSample,
  broadcast,
  concat,
  greater,
  mul,
  pad,
  perChannel,
  perSample,
  reduceMean,
  select,
  slice,
  sub,
} from '../ops/index.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ramp } from './ramp.ts';

/** What is changed at random in every image that a discriminator sees. */
export type DiffAugmentPolicy = Config['diffAugment'];

/** Gives a number in [0, 1) for each image, [N], for a purpose such as `brightness`. */
export type DrawPerImage = (purpose: string) => Tensor;

/** Changes images [N,H,W,C] at random, each in its own way, and differentiably, so that a generator learns through the changes and
 *  does not learn to draw them. @see arXiv:2006.10738 */
export function diffAugment(images: Tensor, policy: DiffAugmentPolicy, draw: DrawPerImage): Tensor {
  const coloured = policy.colour ? changeColours(images, draw) : images;
  const moved = policy.translation > 0 ? translate(coloured, policy.translation, draw) : coloured;
  return policy.cutout > 0 ? cutOut(moved, policy.cutout, draw) : moved;
}

/** Brightness moves by up to 1/2, then saturation is scaled by 0 to 2 about each pixel's mean, and contrast by 1/2 to 3/2 about each
 *  image's. Transparency stays. */
function changeColours(images: Tensor, draw: DrawPerImage): Tensor {
  const [count, height, width, channels] = images.shape as [number, number, number, number];
  if (channels === 4) {
    const part = (first: number, size: number): Tensor => slice(images, [0, 0, 0, first], [count, height, width, size]);
    return concat([changeColours(part(0, 3), draw), part(3, 1)], 3);
  }
  const each = (numbers: Tensor): Tensor => perSample(numbers, images.shape);
  const about = (mean: Tensor, x: Tensor, factors: Tensor): Tensor => add(mul(sub(x, mean), each(factors)), mean);
  const brighter = add(images, each(sub(draw('brightness'), 0.5)));
  const meanOfPixel = (x: Tensor): Tensor => broadcast(reduceMean(x, [3]), [3], x.shape);
  // A grey pixel is its own mean.
  const saturated = channels === 1 ? brighter : about(meanOfPixel(brighter), brighter, mul(2, draw('saturation')));
  const meanOfImage = each(reduceMean(saturated, allButSample(saturated.shape)));
  return about(meanOfImage, saturated, add(draw('contrast'), 0.5));
}

/** Moves images by whole pixels, by up to `share` of their side either way; what comes in from outside is 0. */
function translate(images: Tensor, share: number, draw: DrawPerImage): Tensor {
  const down = shift(images, 1, share, draw('down'));
  return shift(down, 2, share, draw('right'));
}

/** Pixels that a share of a side comes to, at least one. */
const pixelsIn = (side: number, share: number): number => Math.max(1, Math.floor(side * share + 0.5));

/** Moves images along one axis. The number of pixels is taken apart into powers of two, each of which moves those images that have it. */
function shift(images: Tensor, axis: number, share: number, numbers: Tensor): Tensor {
  const side = images.shape[axis] as number;
  const most = pixelsIn(side, share);
  const powers = Array.from({ length: Math.ceil(Math.log2(2 * most + 1)) }, (_, i) => 2 ** i).reverse();
  const along = (amount: number): number[] => images.shape.map((_, i) => (i === axis ? amount : 0));
  const rows = (x: Tensor, first: number, size: number): Tensor => slice(x, along(first), x.shape.with(axis, size));
  const surplus = powers.reduce((sum, power) => sum + power, 0);
  let moved = pad(images, along(most), along(surplus - most));
  let rest = mul(2 * most + 1, numbers);
  for (const power of powers) {
    const length = (moved.shape[axis] as number) - power;
    const stays = greater(power, rest);
    const shape = moved.shape.with(axis, length);
    moved = select(perSample(stays, shape), rows(moved, 0, length), rows(moved, power, length));
    rest = sub(rest, mul(power, sub(1, stays)));
  }
  return moved;
}

/** Makes a square of each image 0, whose side is `share` of the image's, and which may reach out of it. */
function cutOut(images: Tensor, share: number, draw: DrawPerImage): Tensor {
  const inside = (axis: 1 | 2, purpose: string): Tensor => {
    const hidden = windowOf(images.shape[axis] as number, share, draw(purpose));
    return broadcast(hidden, [axis === 1 ? 2 : 1, 3], images.shape);
  };
  return mul(images, sub(1, mul(inside(1, 'cutoutDown'), inside(2, 'cutoutRight'))));
}

/** 1 where a place along an axis lies in the window of each image, else 0: [N,side]. The window of size s begins at floor(x) - s / 2,
 *  x in [0, side + 1) for an even s and in [0, side) for an odd one. */
function windowOf(side: number, share: number, numbers: Tensor): Tensor {
  const size = pixelsIn(side, share);
  const half = Math.floor(size / 2);
  const shape: Shape = [numbers.shape[0] as number, side];
  const first = perSample(mul(side + 1 - (size % 2), numbers), shape);
  const places = perChannel(ramp(side), shape);
  const reached = greater(add(places, half + 1), first);
  const passed = greater(add(places, half - size + 1), first);
  return mul(reached, sub(1, passed));
}
