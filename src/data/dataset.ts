import type { Labels } from './labels/labels.ts';
import type { ImageFormat } from './pixels.ts';

/** A file that is no image of the data set although its name, or a file of labels, says that it should be. */
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
  /** Lines for people about how the images were brought to their format or how their labels are known; none if there is nothing to tell. */
  readonly notes?: readonly string[];
  /** Changes when the images or their order do, so that a resumed run can tell that its data is not what it was. */
  readonly fingerprint: string;
  /** Paths of the files that changed last, the newest first; not given for packed data sets. */
  readonly newest?: readonly string[];
  /** The images as they are, of a data set that is augmented. */
  readonly original?: Dataset | undefined;
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

/** One line for people: how many files were skipped, and why, the most frequent reason first, with `limit` of the files that it is true
 *  of. '' if none was. */
export function summariseSkipped(skipped: readonly SkippedFile[], limit = 3): string {
  if (skipped.length === 0) return '';
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of skipped) {
    const same = byReason.get(reason);
    if (same) same.push(path);
    else byReason.set(reason, [path]);
  }
  const reasons = [...byReason].sort(([, a], [, b]) => b.length - a.length);
  const told = reasons.slice(0, MOST_REASONS).map(([reason, paths]) => `${nameSome(paths, limit)} (${reason})`);
  const rest = reasons.slice(MOST_REASONS).reduce((total, [, paths]) => total + paths.length, 0);
  const files = skipped.length === 1 ? '1 file' : `${skipped.length} files`;
  return `skipped ${files}: ${told.join(', ')}${rest > 0 ? `, and ${rest} more for other reasons` : ''}`;
}

const MOST_REASONS = 5;

function nameSome(paths: readonly string[], limit: number): string {
  const rest = paths.length - limit;
  return paths.slice(0, limit).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
