import type { Metadata } from 'sharp';
import type { ImageFormat } from './pixels.ts';
import { loadSharp, type Sharp } from './sharp.ts';

/** More pixels are taken for an attack on the memory: sharp's own limit, by which it refuses to decode. */
const MOST_PIXELS = 0x3fff ** 2;

/** Decodes any image that sharp reads into uint8 [H,W,C]: the first frame of an animation, turned upright as its EXIF tag
 *  says, transparency over white, 16 bits to 8, CMYK and palettes to sRGB; scaled to cover the target, the middle kept.
 *  @throws Error, in one line, if the bytes are not a whole image. */
export async function decodeImage(bytes: Uint8Array, { size, channels }: ImageFormat): Promise<Uint8Array> {
  if (bytes.length === 0) throw new Error('empty file');
  const sharp = await loadSharp();
  try {
    return await sharp(bytes, { failOn: 'error', autoOrient: true })
      .flatten({ background: '#ffffff' })
      .resize(size[1], size[0], { fit: 'cover', position: 'centre' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
  } catch (cause) {
    throw new Error(await reasonFor(sharp, bytes), { cause });
  }
}

/** What is wrong with bytes that could not be decoded. It is found anew, since the message of the failure cannot be relied
 *  on: libvips keeps one buffer of messages for all threads, so that it may be lost, or be that of another image. */
async function reasonFor(sharp: Sharp, bytes: Uint8Array): Promise<string> {
  let header: Metadata;
  try {
    header = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch {
    return 'not an image of a known format';
  }
  const { format, width, height } = header;
  const tooLarge = width * height > MOST_PIXELS;
  return tooLarge ? `${width}x${height} pixels, more than can be decoded` : `damaged or incomplete ${format}`;
}

/** What went wrong, short enough for a list: libvips tells it in several lines, the first of which names the cause. */
export const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
