import { totalmem } from 'node:os';
import type { Metadata } from 'sharp';
import { imageKind } from './image_kind.ts';
import { MemoryBudget } from './memory_budget.ts';
import { blackenUnseen, type ImageFormat } from './pixels.ts';
import { loadSharp, type Sharp } from './sharp.ts';
import { inspectTiff, unknownCompression } from './tiff.ts';

/** How images are decoded. */
export interface DecodeOptions extends ImageFormat {
  /** Images with more pixels than this are refused: a file of some kilobytes may decode to gigabytes. */
  readonly maxPixels: number;
  /** Side of the square in the middle that is kept, before scaling; 0: the whole image. A smaller image is kept as far as it
   *  goes. */
  readonly crop: number;
}

const WHITE = '#ffffff';
const GIB = 2 ** 30;
const inFlight = new MemoryBudget(Math.min(GIB, totalmem() / 4));

/** Decodes an image of one of the kinds that have an ending (see imageKind) into uint8 [H,W,C]: the first frame of an
 *  animation, turned upright as its EXIF tag says, transparency over white (kept where there are four
 *  channels), 16 bits to 8, CMYK and palettes to sRGB; scaled to
 *  cover the target, the middle kept. `crop` is cut out before. What all calls hold in memory together is bounded.
 *  @throws Error, in one line, if the bytes are not a whole image that can be decoded to the right colours. */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  const kind = decodableKind(bytes);
  const samples = kind === 'TIFF' ? inspectTiff(bytes) : undefined;
  const sharp = await loadSharp();
  const failure = (cause: Error) =>
    new Error((kind === 'TIFF' && unknownCompression(bytes)) || `damaged or incomplete ${kind}`, { cause });
  const header = await readHeader(sharp, bytes).catch((cause: Error) => {
    // Messages of libvips do not count: it keeps one buffer of them for all threads, so that a message may be lost, or be
    // that of another image.
    throw failure(cause);
  });
  if (header.format === 'heif' && header.compression !== 'av1') throw new Error(cannotDecode('HEIC (HEVC)', 'JPEG'));
  const { width, height } = header;
  if (width * height > options.maxPixels) {
    throw new Error(`${width}x${height} pixels, more than the ${options.maxPixels} that maxPixels allows`);
  }
  const steps = { sharp, bytes, upright: header.autoOrient, ...options };
  return inFlight.run(decodedBytes(header), () =>
    (samples?.hasStraySamples ? decodeColours(steps) : decodeWhole(steps)).catch((cause: Error) => {
      throw failure(cause);
    }),
  );
}

interface DecodeSteps extends DecodeOptions {
  readonly sharp: Sharp;
  readonly bytes: Uint8Array;
  /** Size once turned upright. */
  readonly upright: { readonly width: number; readonly height: number };
}

const openImage = ({ sharp, bytes, maxPixels }: DecodeSteps) =>
  sharp(bytes, { failOn: 'error', autoOrient: true, limitInputPixels: maxPixels, limitInputChannels: false });

async function fitted(image: ReturnType<Sharp>, { size, channels, crop, upright }: DecodeSteps): Promise<Uint8Array> {
  const resized = (crop > 0 ? image.extract(middleOf(upright, crop)) : image)
    .resize(size[1], size[0], { fit: 'cover', position: 'centre' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb');
  if (channels < 4) return resized.raw().toBuffer();
  return blackenUnseen(await resized.ensureAlpha().raw().toBuffer());
}

/** The square of this side in the middle, as far as the image goes. */
function middleOf(image: { readonly width: number; readonly height: number }, side: number) {
  const width = Math.min(side, image.width);
  const height = Math.min(side, image.height);
  return {
    left: Math.floor((image.width - width) / 2),
    top: Math.floor((image.height - height) / 2),
    width,
    height,
  };
}

const decodeWhole = (steps: DecodeSteps): Promise<Uint8Array> => {
  const image = openImage(steps);
  return fitted(steps.channels === 4 ? image : image.flatten({ background: WHITE }), steps);
};

/** The colours without the samples behind them, which must not weigh on the colours when they are scaled. */
async function decodeColours(steps: DecodeSteps): Promise<Uint8Array> {
  const { data, info } = await openImage(steps)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return fitted(steps.sharp(data, { raw: { width, height, channels }, limitInputPixels: false }), steps);
}

/** The name of the image's kind. @throws Error if it is none that can be decoded */
function decodableKind(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new Error('empty file');
  const kind = imageKind(bytes);
  if (!kind) throw new Error('not an image of a known format');
  if (kind.convertTo) throw new Error(cannotDecode(kind.name, kind.convertTo));
  return kind.name;
}

const cannotDecode = (name: string, convertTo: string): string =>
  `${name} cannot be decoded here; convert it to ${convertTo}`;

const readHeader = (sharp: Sharp, bytes: Uint8Array): Promise<Metadata> =>
  sharp(bytes, { limitInputPixels: false, limitInputChannels: false }).metadata();

const SAMPLE_BYTES: Readonly<Record<string, number>> = { uchar: 1, char: 1, ushort: 2, short: 2 };
const MOST_SAMPLE_BYTES = 8;

const decodedBytes = ({ width, height, channels, depth }: Metadata): number =>
  width * height * channels * (SAMPLE_BYTES[depth] ?? MOST_SAMPLE_BYTES);

/** What went wrong, short enough for a list: libvips tells it in several lines, the first of which names the cause. */
export const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
