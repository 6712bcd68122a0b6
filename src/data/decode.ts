import type { ImageFormat } from './pixels.ts';
import { loadSharp } from './sharp.ts';

/** Decodes any image that sharp reads into uint8 [H,W,C]: the first frame of an animation, turned upright as its EXIF tag
 *  says, transparency over white, 16 bits to 8, CMYK and palettes to sRGB; scaled to cover the target, the middle kept.
 *  @throws Error, in one line, if the bytes are not a whole image. */
export async function decodeImage(bytes: Uint8Array, { size, channels }: ImageFormat): Promise<Uint8Array> {
  const sharp = await loadSharp();
  if (bytes.length === 0) throw new Error('empty file');
  try {
    return await sharp(bytes, { failOn: 'error', autoOrient: true })
      .flatten({ background: '#ffffff' })
      .resize(size[1], size[0], { fit: 'cover', position: 'centre' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
  } catch (error) {
    throw new Error(firstLine(error), { cause: error });
  }
}

/** What went wrong, short enough for a list: libvips tells it in several lines, the first of which names the cause. */
export const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
