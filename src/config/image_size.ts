import type { Config } from './schema.ts';

/** Height and width of images in pixels, in the order of the axes of tensors. */
export type ImageSize = readonly [height: number, width: number];

/** A size as people write it: one number for a square, or [height, width]. */
export type SizeSetting = number | ImageSize;

/** Height and width of what one number, or both, say. */
export const bothSides = (size: SizeSetting): ImageSize => (typeof size === 'number' ? [size, size] : size);

/** One number for a square, so that a configuration has one form only. */
export const oneForm = ([height, width]: ImageSize): SizeSetting => (height === width ? height : [height, width]);

/** The shape [height, width, channels] of a configuration's images. */
export function imageShapeOf({ size, channels }: Pick<Config, 'size' | 'channels'>): [number, number, number] {
  const [height, width] = bothSides(size);
  return [height, width, channels];
}

/** A size for people, the width first, as programs for images have it: [64, 96] -> 96x64. */
export const formatSize = ([height, width]: ImageSize): string => `${width}x${height}`;

/** The same of a size as it is set, a square as one number: 64 -> 64, [64, 96] -> 96x64. */
export const formatSetting = (size: SizeSetting): string =>
  typeof size === 'number' ? String(size) : formatSize(size);

/** The same of images with channels: [64, 96, 3] -> 96x64x3. */
export const formatImage = ([height, width, channels]: readonly [number, number, number]): string =>
  `${formatSize([height, width])}x${channels}`;

/** The inverse of `formatSize`, and of a number by itself; undefined of any other text. */
export function parseSize(text: string): SizeSetting | undefined {
  const [, width, height = width] = /^(\d+)(?:x(\d+))?$/i.exec(text.trim()) ?? [];
  return width === undefined ? undefined : oneForm([Number(height), Number(width)]);
}
