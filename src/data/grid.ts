import { expectPictureSize } from './picture_size.ts';
import { type Channels, unitToBytes } from './pixels.ts';

/** Images as the generator yields them: float32 [N,H,W,C] in [-1, 1]. */
export interface ImageBatch {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number, number];
}

/** A picture of bytes, [height,width,channels]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  readonly pixels: Uint8Array;
}

/** How a grid is laid out. */
export interface GridOptions {
  /** Images in a row; the nearest to a square if not given. */
  readonly columns?: number | undefined;
  /** Pixels between neighbours, not scaled; 2 if not given. */
  readonly gap?: number | undefined;
  /** Side of the square of pixels that one pixel becomes; 1 if not given. */
  readonly scale?: number | undefined;
  /** The grey of the gaps and of cells without an image, 0 to 255; white if not given. */
  readonly background?: number | undefined;
}

/** Copies one image into the picture, its upper left corner at (left, top), each pixel `scale` x `scale` times. */
export function drawImage(picture: Picture, image: Picture, left: number, top: number, scale: number): void {
  const { channels } = picture;
  const width = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    const row = widened(image.pixels.subarray(y * width, (y + 1) * width), channels, scale);
    for (let copy = 0; copy < scale; copy++)
      picture.pixels.set(row, ((top + y * scale + copy) * picture.width + left) * channels);
  }
}

/** A row of pixels with each `scale` times. */
function widened(row: Uint8Array, channels: number, scale: number): Uint8Array {
  if (scale === 1) return row;
  const wide = new Uint8Array(row.length * scale);
  for (let to = 0; to < wide.length; to++)
    wide[to] = row[Math.floor(to / (channels * scale)) * channels + (to % channels)] as number;
  return wide;
}

/** Width and height of the picture that `count` images make. @throws ConfigError picture_too_large */
export function gridSize(
  count: number,
  [imageHeight, imageWidth]: readonly [number, number],
  { columns = Math.ceil(Math.sqrt(count)), gap = 2, scale = 1 }: GridOptions = {},
): { readonly width: number; readonly height: number; readonly columns: number } {
  const width = columns * (imageWidth * scale + gap) - gap;
  const height = Math.ceil(count / columns) * (imageHeight * scale + gap) - gap;
  expectPictureSize(width, height);
  return { width, height, columns };
}

/** Lays images out row by row: [N,H,W,C] -> [rows * (H * scale + gap) - gap, columns * (W * scale + gap) - gap, C]. Values
 *  outside [-1, 1] are clamped. @throws ConfigError picture_too_large */
export function composeGrid(images: ImageBatch, options: GridOptions = {}): Picture {
  const [count, imageHeight, imageWidth, channels] = images.shape;
  const { gap = 2, scale = 1, background = 255 } = options;
  const { width, height, columns } = gridSize(count, [imageHeight, imageWidth], options);
  const bytes = unitToBytes(images.data);
  const cellHeight = imageHeight * scale + gap;
  const cellWidth = imageWidth * scale + gap;
  const picture = { width, height, channels: channels as Channels, pixels: new Uint8Array(width * height * channels) };
  picture.pixels.fill(background);
  const elements = imageHeight * imageWidth * channels;
  for (let i = 0; i < count; i++) {
    const pixels = bytes.subarray(i * elements, (i + 1) * elements);
    const image = { width: imageWidth, height: imageHeight, channels: picture.channels, pixels };
    drawImage(picture, image, (i % columns) * cellWidth, Math.floor(i / columns) * cellHeight, scale);
  }
  return picture;
}

/** One image of a batch as a picture of its own. */
export function composeImage({ data, shape }: ImageBatch, index: number): Picture {
  const [, height, width, channels] = shape;
  const elements = height * width * channels;
  const pixels = unitToBytes(data.subarray(index * elements, (index + 1) * elements));
  return { width, height, channels: channels as Channels, pixels };
}
