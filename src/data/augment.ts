import { formatSize } from '../config/image_size.ts';
import { DataError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { type HsvShift, shiftColours } from './hsv.ts';
import { type ImageFormat, imageElements } from './pixels.ts';
import { philox4x32 } from './random.ts';

/** Random changes of every image, drawn anew in each epoch. */
export interface AugmentOptions {
  /** Mirrored left to right, every other time. */
  readonly flip: boolean;
  /** Turned by 0, 90, 180 or 270 degrees, each as often. */
  readonly rotate: boolean;
  /** The hue is shifted by up to this much either way, in turns: 0 to 0.5. */
  readonly hue: number;
  /** The saturation is scaled by a factor in [1 - saturation, 1 + saturation]: 0 to 1. */
  readonly saturation: number;
  /** The value (brightness) is scaled by a factor in [1 - value, 1 + value]: 0 to 1. */
  readonly value: number;
}

/** No change at all. */
export const NO_AUGMENTATION: AugmentOptions = { flip: false, rotate: false, hue: 0, saturation: 0, value: 0 };

/** Keeps these draws apart from every other use of the same seed ('AUGM'). */
const AUGMENT_STREAM = 0x4155474d;
const TWO_32 = 2 ** 32;

/** What happens to one image in one epoch. */
interface Change extends HsvShift {
  readonly flip: boolean;
  /** Quarter turns, clockwise. */
  readonly turns: number;
}

/** The change of image `index` in `epoch`: a function of these, the seed and the options alone. */
function drawChange(options: AugmentOptions, seed: number, epoch: number, index: number): Change {
  const seedHigh = Math.floor(seed / TWO_32);
  const words = philox4x32([index, epoch, seedHigh, 0], [seed >>> 0, AUGMENT_STREAM]);
  const either = (word: number): number => (word / TWO_32) * 2 - 1;
  return {
    flip: options.flip && words[0] % 2 === 1,
    turns: options.rotate ? (words[0] >>> 1) % 4 : 0,
    hue: options.hue * either(words[1]),
    saturation: 1 + options.saturation * either(words[2]),
    value: 1 + options.value * either(words[3]),
  };
}

/** How the pixels of a source image are visited: the first one, and the steps to the next in a row and in a column. */
interface Walk {
  readonly first: number;
  readonly along: number;
  readonly down: number;
}

/** The walk over the pixels of [height,width] that yields the image turned clockwise by `turns` quarters. */
function turned(turns: number, height: number, width: number): Walk {
  if (turns === 0) return { first: 0, along: 1, down: width };
  if (turns === 1) return { first: (height - 1) * width, along: -width, down: 1 };
  if (turns === 2) return { first: height * width - 1, along: -1, down: -width };
  return { first: width - 1, along: width, down: -1 };
}

const mirrored = ({ first, along, down }: Walk, width: number): Walk => ({
  first: first + along * (width - 1),
  along: -along,
  down,
});

/** Copies an image [H,W,C] of `from` into `into` at `offset`, turned, then mirrored. Odd quarter turns are for squares. */
function place(from: Float32Array, into: Float32Array, offset: number, format: ImageFormat, change: Change): void {
  const [height, width] = format.size;
  const { channels } = format;
  const upright = turned(change.turns, height, width);
  const { first, along, down } = change.flip ? mirrored(upright, width) : upright;
  let to = offset;
  for (let y = 0; y < height; y++) {
    let at = (first + y * down) * channels;
    for (let x = 0; x < width; x++, at += along * channels) {
      for (let c = 0; c < channels; c++) into[to++] = from[at + c] as number;
    }
  }
}

function checkOptions(dataset: Dataset, { rotate, hue, saturation }: AugmentOptions): void {
  const [height, width] = dataset.size;
  if (rotate && height !== width) {
    throw new DataError(
      'augment_not_square',
      `augment.rotate: quarter turns need square images, but ${dataset.name} is opened at ${formatSize(dataset.size)}; set it to false, or choose one size for both sides`,
    );
  }
  if (dataset.channels === 1 && (hue > 0 || saturation > 0)) {
    throw new DataError(
      'augment_grey',
      `augment.hue and augment.saturation need colour, but ${dataset.name} is opened as grey images; set them to 0, or channels to 3`,
    );
  }
}

/** Scales grey pixels in [-1, 1], black staying black. */
function scaleGrey(pixels: Float32Array, offset: number, count: number, factor: number): void {
  for (let i = offset; i < offset + count; i++) {
    pixels[i] = Math.min(1, ((pixels[i] as number) + 1) * factor - 1);
  }
}

const changesNothing = (options: AugmentOptions): boolean =>
  !options.flip && !options.rotate && options.hue + options.saturation + options.value === 0;

/** A data set whose images are changed at random while they are read. How, depends on (seed, epoch, index) alone, so that a
 *  resumed run sees what an unbroken one would. `seed` is a non-negative safe integer.
 *  @throws DataError augment_not_square, augment_grey */
export function augmented(dataset: Dataset, options: AugmentOptions, seed: number): Dataset {
  if (changesNothing(options)) return dataset;
  checkOptions(dataset, options);
  const { channels } = dataset;
  const elements = imageElements(dataset);
  const modulates = options.hue + options.saturation + options.value > 0;
  const finish = (image: Float32Array, into: Float32Array, offset: number, change: Change): void => {
    place(image, into, offset, dataset, change);
    if (!modulates) return;
    if (channels === 1) scaleGrey(into, offset, elements, change.value);
    else shiftColours(into, offset, elements / channels, change, channels);
  };
  const spare: Float32Array[] = [];
  return {
    ...dataset,
    original: dataset,
    read(index, into, offset, epoch = 0) {
      const change = drawChange(options, seed, epoch, index);
      // Reads may overlap while images are decoded, so each has a buffer to itself.
      const image = spare.pop() ?? new Float32Array(elements);
      const complete = (): void => {
        finish(image, into, offset, change);
        spare.push(image);
      };
      const pending = dataset.read(index, image, 0, epoch);
      if (pending === undefined) return complete();
      return pending.then(complete);
    },
  };
}
