import type { ImageSize } from '../config/image_size.ts';

/** Grey, RGB, or RGB and opacity (RGBA). */
export type Channels = 1 | 3 | 4;

/** What images of so many channels are, for people. */
export const channelsInWords: Readonly<Record<Channels, string>> = {
  1: 'grey',
  3: 'colour',
  4: 'colour and transparency',
};

/** What every image of a data set is made to be. */
export interface ImageFormat {
  readonly size: ImageSize;
  readonly channels: Channels;
}

/** Images held in memory as bytes: `pixels` is uint8 [count,H,W,C]. */
export interface PackedImages extends ImageFormat {
  readonly count: number;
  readonly pixels: Uint8Array;
}

/** Numbers (or bytes) that one image of this format takes. */
export const imageElements = ({ size, channels }: ImageFormat): number => size[0] * size[1] * channels;

const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

/** Scales `count` bytes of `pixels` from `begin` on to [-1, 1] (0 -> -1, 255 -> 1) and writes them into `into` at `offset`. */
export function bytesToUnit(
  pixels: Uint8Array,
  begin: number,
  count: number,
  into: Float32Array,
  offset: number,
): void {
  for (let i = 0; i < count; i++) into[offset + i] = LEVELS[pixels[begin + i] as number] as number;
}

/** The inverse of bytesToUnit: [-1, 1] to the nearest byte; values outside are clamped and NaN is black. */
export function unitToBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = ((values[i] as number) + 1) * 127.5;
  return new Uint8Array(bytes.buffer);
}

/** Makes the colour of fully transparent pixels black, since whatever a file has there is nothing to be learnt. In place.
 *  @param pixels uint8 [N,4] */
export function blackenUnseen(pixels: Uint8Array): Uint8Array {
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] === 0) pixels.fill(0, i, i + 3);
  return pixels;
}
