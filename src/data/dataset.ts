import type { ImageFormat } from './pixels.ts';

/** The class of each image: `names[values[i]]` is the name of image i's class. */
export interface Labels {
  readonly names: readonly string[];
  readonly values: Int32Array;
}

/** A file that looked like an image by its name and could not be read as one. */
export interface SkippedFile {
  /** Relative to the data set's folder. */
  readonly path: string;
  readonly reason: string;
}

/** A fixed, ordered collection of images of one format. */
export interface Dataset extends ImageFormat {
  readonly name: string;
  readonly count: number;
  readonly labels?: Labels;
  /** Files that were left out; empty for the packed data sets, which are read whole or refused. */
  readonly skipped: readonly SkippedFile[];
  /** Changes when the images or their order do, so that a resumed run can tell that its data is not what it was. */
  readonly fingerprint: string;
  /** Paths of the files that changed last, the newest first; not given for packed data sets. */
  readonly newest?: readonly string[];
  /** What version 0.1 gave as the fingerprint, where it gave another; runs of that version are resumed by it. */
  readonly earlierFingerprint?: string | undefined;
  /** Writes image `index` as float32 [H,W,C] in [-1, 1] into `into` at `offset`. Answers a promise only where the image has
   *  to be decoded first. Only an augmented data set heeds `epoch` (from 0, the default).
   *  @throws DataError if the file behind it has become unreadable. */
  read(index: number, into: Float32Array, offset: number, epoch?: number): void | Promise<void>;
}

/** Which part of a data set that comes in two. */
export type Split = 'train' | 'test';

/** Called while images are decoded or resized: how many of how many are done. */
export type ProgressListener = (done: number, total: number) => void;

/** One line for people: how many files were skipped, the first `limit` of them and why. '' if none was. */
export function summariseSkipped(skipped: readonly SkippedFile[], limit = 5): string {
  if (skipped.length === 0) return '';
  const named = skipped.slice(0, limit).map(({ path, reason }) => `${path} (${reason})`);
  const rest = skipped.length - named.length;
  const files = skipped.length === 1 ? '1 file' : `${skipped.length} files`;
  return `skipped ${files} that could not be read as images: ${named.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
}
