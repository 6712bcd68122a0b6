import type { ImageSize } from '../config/image_size.ts';
import type { ProgressListener } from './dataset.ts';
import { decodersInFlight, forEachConcurrently } from './parallel.ts';
import { type Channels, type ImageFormat, imageElements, type PackedImages } from './pixels.ts';
import { loadSharp } from './sharp.ts';

/** Reach of sharp's widest kernel (Lanczos 3), in pixels of the coarser of the two images. */
const KERNEL_REACH = 3;

/** Bytes of one strip, before or after resizing: enough images that the cost of a call does not count. */
const STRIP_BYTES = 2 ** 21;

/** How images are stacked into a strip that one call resizes. Each image is repeated beyond its upper and lower edge for
 *  `margin` rows, so that no pixel sees a neighbour; margins are whole numbers of rows before and after the resizing. */
interface Strip {
  /** The part of each image that is kept: the middle, of the target's shape. */
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly margin: number;
  /** Images in a strip. */
  readonly images: number;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

function planStrip([fullHeight, fullWidth]: ImageSize, [toHeight, toWidth]: ImageSize, channels: number): Strip {
  const height = Math.max(1, Math.min(fullHeight, Math.round((fullWidth * toHeight) / toWidth)));
  const width = Math.max(1, Math.min(fullWidth, Math.round((fullHeight * toWidth) / toHeight)));
  const unit = height / greatestCommonDivisor(height, toHeight);
  const margin = Math.ceil((KERNEL_REACH * Math.max(1, height / toHeight)) / unit) * unit;
  const cellRows = height + 2 * margin;
  const cellBytes = cellRows * Math.max(width, (toHeight / height) * toWidth) * channels;
  return {
    top: Math.floor((fullHeight - height) / 2),
    left: Math.floor((fullWidth - width) / 2),
    height,
    width,
    margin,
    images: Math.max(1, Math.floor(STRIP_BYTES / cellBytes)),
  };
}

/** Images first .. first + count - 1 one above the other: [count * (height + 2 margin), width, C]. */
function stack(images: PackedImages, strip: Strip, first: number, count: number): Uint8Array {
  const { channels, pixels } = images;
  const [fullHeight, fullWidth] = images.size;
  const { top, left, height, width, margin } = strip;
  const row = width * channels;
  const stacked = new Uint8Array(count * (height + 2 * margin) * row);
  let to = 0;
  for (let image = first; image < first + count; image++) {
    for (let y = -margin; y < height + margin; y++, to += row) {
      const inside = Math.min(Math.max(y, 0), height - 1);
      const from = ((image * fullHeight + top + inside) * fullWidth + left) * channels;
      stacked.set(pixels.subarray(from, from + row), to);
    }
  }
  return stacked;
}

/** Resizes every image to cover the target, the middle kept, and turns RGB into grey where the target is grey. Grey images
 *  stay grey. */
export async function resample(
  images: PackedImages,
  target: ImageFormat,
  options: { readonly onProgress?: ProgressListener | undefined; readonly signal?: AbortSignal | undefined },
): Promise<PackedImages> {
  const sharp = await loadSharp();
  const { count, channels: fromChannels } = images;
  const [height, width] = target.size;
  const channels = Math.min(fromChannels, target.channels) as Channels;
  const strip = planStrip(images.size, target.size, channels);
  const cell = strip.height + 2 * strip.margin;
  const cellTo = (cell * height) / strip.height;
  const elements = imageElements({ size: target.size, channels });
  const row = width * channels;
  const pixels = new Uint8Array(count * elements);
  let done = 0;
  await forEachConcurrently(Math.ceil(count / strip.images), decodersInFlight(), async (index) => {
    options.signal?.throwIfAborted();
    const first = index * strip.images;
    const length = Math.min(strip.images, count - first);
    const raw = { width: strip.width, height: length * cell, channels: fromChannels };
    const resized = await sharp(stack(images, strip, first, length), { raw })
      .resize(width, length * cellTo, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
    for (let i = 0; i < length; i++) {
      const from = (i * cellTo + (cellTo - height) / 2) * row;
      pixels.set(resized.subarray(from, from + elements), (first + i) * elements);
    }
    done += length;
    options.onProgress?.(done, count);
  });
  return { count, size: target.size, channels, pixels };
}
