import sharp, { type Sharp } from 'sharp';

/** The colour of a uniform picture: grey, RGB or RGBA. */
type Colour = readonly number[];

/** A picture of raw samples, one uniform colour. */
export function uniform(width: number, height: number, colour: Colour): Sharp {
  const raw = { width, height, channels: colour.length as 1 | 2 | 3 | 4 };
  const samples = Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length] ?? 0);
  return sharp(samples, { raw });
}

export const uniformPng = (width: number, height: number, colour: Colour): Promise<Buffer> =>
  uniform(width, height, colour)
    .toColourspace(colour.length < 3 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();

/** A noisy JPEG, large enough that its second half matters. */
export async function noisyJpeg(width = 64, height = 64): Promise<Buffer> {
  const samples = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return sharp(samples, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
}
