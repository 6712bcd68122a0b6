import { formatSize, type ImageSize } from '../config/image_size.ts';
import { DataError } from '../errors.ts';
import type { ProgressListener } from './dataset.ts';
import { type Channels, channelsInWords, type ImageFormat, type PackedImages } from './pixels.ts';
import { resample } from './resample.ts';

/** How images in memory are brought to another format. */
export interface ConformOptions {
  /** The images lie on black, so that a border of black is more of the same. */
  readonly onBlack: boolean;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A border of up to a quarter of the side keeps the pixels as they are; beyond that the subject would be lost in it. */
const fitsInBorder = (from: number, to: number): boolean => to >= from && to - from <= from / 4;

const sameSize = (a: ImageSize, b: ImageSize): boolean => a[0] === b[0] && a[1] === b[1];

/** [count,h,w,C] -> [count,H,W,C], in the middle of zeros; an odd row or column more goes to the bottom or right. */
function padImages(images: PackedImages, size: ImageSize): PackedImages {
  const { count, channels, pixels } = images;
  const [fromHeight, fromWidth] = images.size;
  const [height, width] = size;
  const top = Math.floor((height - fromHeight) / 2);
  const left = Math.floor((width - fromWidth) / 2);
  const row = fromWidth * channels;
  const padded = new Uint8Array(count * height * width * channels);
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < fromHeight; y++) {
      const from = (image * fromHeight + y) * row;
      const to = ((image * height + top + y) * width + left) * channels;
      padded.set(pixels.subarray(from, from + row), to);
    }
  }
  return { count, size, channels, pixels: padded };
}

/** [count,H,W,C] -> [count,H,W,channels], which are more: a grey value in each channel of colour, and opaque. */
function addChannels(images: PackedImages, channels: Channels): PackedImages {
  const { pixels, channels: from } = images;
  const added = new Uint8Array((pixels.length / from) * channels).fill(255);
  for (let i = 0, to = 0; i < pixels.length; i += from, to += channels) {
    for (let channel = 0; channel < 3; channel++)
      added[to + channel] = pixels[i + Math.min(channel, from - 1)] as number;
  }
  return { ...images, channels, pixels: added };
}

/** Brings images to `target`: images on black get a border where that reaches the size (28x28 -> 32x32: two pixels on each
 *  side), others are resized (cover, centre) through sharp; grey is repeated into RGB, RGB becomes its luminance,
 *  and what gets a fourth channel is opaque.
 *  @throws DataError image_size if the target is not a positive whole number of pixels. */
export async function conformImages(
  images: PackedImages,
  target: ImageFormat,
  options: ConformOptions,
): Promise<PackedImages> {
  checkFormat(target);
  const pad = options.onBlack && target.size.every((to, axis) => fitsInBorder(images.size[axis] as number, to));
  let result = images;
  if (pad && !sameSize(images.size, target.size)) result = padImages(result, target.size);
  if (!sameSize(result.size, target.size) || target.channels < result.channels) {
    result = await resample(result, target, options);
  }
  return target.channels > result.channels ? addChannels(result, target.channels) : result;
}

/** One image of 8192 x 8192 takes 200 MB already; what is longer is a slip. */
const LONGEST_SIDE = 8192;

/** @throws DataError image_size or image_channels if no image can have this format. */
export function checkFormat({ size, channels }: ImageFormat): void {
  if (!size.every((side) => Number.isInteger(side) && side > 0 && side <= LONGEST_SIDE)) {
    throw new DataError(
      'image_size',
      `image size: expected whole numbers of pixels from 1 to ${LONGEST_SIDE}, but received ${formatSize(size)}`,
    );
  }
  if (!(channels in channelsInWords)) {
    throw new DataError(
      'image_channels',
      `image channels: expected 1 (grey), 3 (RGB) or 4 (RGBA), but received ${channels}`,
    );
  }
}
