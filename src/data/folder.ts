import { totalmem } from 'node:os';
import { DataError } from '../errors.ts';
import { baseDefaults } from '../models/recipe.ts';
import { checkFormat } from './conform.ts';
import { type Dataset, type ProgressListener, type SkippedFile, type Split, summariseSkipped } from './dataset.ts';
import { type DecodeOptions, firstLine } from './decode.ts';
import { decodeFile } from './decode_file.ts';
import { type FileDigest, type Fingerprints, fingerprintsOf, withLabels } from './fingerprint.ts';
import { type ListedFile, listImageFiles } from './image_files.ts';
import { classLabels, type Labels, labelWidth } from './labels/labels.ts';
import { matchLabels } from './labels/match.ts';
import type { LabelTable } from './labels/table.ts';
import { decodersInFlight, forEachConcurrently } from './parallel.ts';
import { bytesToUnit, type ImageFormat, imageElements } from './pixels.ts';

/** What a folder of images is asked for. */
export interface FolderOptions extends ImageFormat {
  /** Memory for decoded images, in bytes; a quarter of the machine's, at most 2 GiB, if not given. What does not fit is
   *  decoded again each time it is read. */
  readonly cacheBytes?: number | undefined;
  /** Files with more pixels are skipped; see the key of this name. */
  readonly maxPixels?: number | undefined;
  /** Side of the square that is cut out of the middle before scaling; see the key of this name. */
  readonly crop?: number | undefined;
  /** Labels of the images, in place of the folders that they lie in; images without one are left out. */
  readonly labels?: LabelTable | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a folder with a file of labels is asked for. */
export interface LabelledFolderOptions extends Omit<FolderOptions, 'labels'> {
  /** A file of labels in place of the data set's own. */
  readonly labels?: string | undefined;
  /** Attributes to keep, in this order; all if not given. */
  readonly attributes?: readonly string[] | undefined;
  readonly split?: Split | undefined;
}

const GIB = 2 ** 30;
const defaultCacheBytes = (): number => Math.min(2 * GIB, totalmem() / 4);

/** A file to be decoded, with its label where a table tells it. */
interface ChosenFile extends ListedFile {
  readonly numbers?: ArrayLike<number>;
}

/** A file that holds a whole image, and where the cache keeps its pixels (undefined: nowhere). */
interface ImageFile extends ChosenFile {
  readonly slot: number | undefined;
  readonly changedMs: number;
  readonly digest: FileDigest;
}

interface DecodedFolder extends Fingerprints {
  readonly files: readonly ImageFile[];
  readonly skipped: readonly SkippedFile[];
  readonly cache: Uint8Array;
}

/** Decodes every file once: a file is known to be good before training starts, so that the images and their order depend on
 *  the folder alone, however much of it the cache holds. */
async function decodeAll(
  listed: readonly ChosenFile[],
  options: FolderOptions & DecodeOptions,
): Promise<DecodedFolder> {
  const bytes = imageElements(options);
  const slots = Math.min(listed.length, Math.floor((options.cacheBytes ?? defaultCacheBytes()) / bytes));
  const cache = new Uint8Array(slots * bytes);
  const reasons = new Map<number, string>();
  const changedMs = new Array<number>(listed.length);
  const digests = new Array<FileDigest>(listed.length);
  let done = 0;
  await forEachConcurrently(listed.length, decodersInFlight(), async (index) => {
    options.signal?.throwIfAborted();
    try {
      const file = await decodeFile((listed[index] as ListedFile).location, options);
      if (index < slots) cache.set(file.pixels, index * bytes);
      changedMs[index] = file.changedMs;
      digests[index] = file.digest;
    } catch (error) {
      if (error instanceof DataError) throw error;
      reasons.set(index, firstLine(error));
    }
    options.onProgress?.(++done, listed.length);
  });
  const files: ImageFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, file] of listed.entries()) {
    const { path } = file;
    const reason = reasons.get(index);
    if (reason !== undefined) {
      skipped.push({ path, reason });
      continue;
    }
    files.push({
      ...file,
      slot: index < slots ? index : undefined,
      changedMs: changedMs[index] as number,
      digest: digests[index] as FileDigest,
    });
  }
  return { files, skipped, cache, ...fingerprintsOf(files.map(({ path, digest }) => [path, digest])) };
}

/** How many of the newest files an error names. */
const NAMED = 5;

const newestOf = (files: readonly ImageFile[]): string[] =>
  files
    .toSorted((a, b) => b.changedMs - a.changedMs)
    .slice(0, NAMED)
    .map(({ path }) => path);

/** The sub-folder (one level) that a file lies in; undefined for a file beside them. */
const classOf = (path: string): string | undefined =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;

/** Sub-folders as classes, in their order of names, if there are at least two and no image lies outside them. */
function labelsOfFolders(files: readonly ImageFile[]): Labels | undefined {
  const classes = files.map(({ path }) => classOf(path));
  if (new Set(classes).size < 2 || classes.includes(undefined)) return undefined;
  return classLabels(classes as string[]);
}

function labelsOf(files: readonly ImageFile[], table: LabelTable | undefined): Labels | undefined {
  if (!table) return labelsOfFolders(files);
  const { kind, names } = table;
  const values = new Int32Array(files.length * labelWidth(table));
  for (const [i, { numbers = [] }] of files.entries()) values.set(numbers, i * labelWidth(table));
  return { kind, names, values };
}

/** A folder of images as a data set: recursive, sub-folders are labels, mixed sizes and kinds (see decodeImage). Files that
 *  cannot be decoded are left out and listed in `skipped`, behind them what else looks like an image, and what a table of labels and
 *  the folder do not have in common.
 *  @throws DataError data_not_found, data_not_folder, data_unreadable, data_is_run, data_links, data_empty, data_all_bad,
 *  label_file, labels_unmatched. */
export async function openImageFolder(directory: string, given: FolderOptions): Promise<Dataset> {
  checkFormat(given);
  const options = { ...given, maxPixels: given.maxPixels ?? baseDefaults.maxPixels, crop: given.crop ?? 0 };
  const listing = await listImageFiles(directory);
  const chosen = chooseFiles(directory, listing.files, given.labels);
  const { files, cache, ...decoded } = await decodeAll(chosen.files, options);
  const skipped = [...decoded.skipped, ...listing.skipped, ...chosen.skipped];
  if (files.length === 0) {
    throw new DataError(
      'data_all_bad',
      `${directory}: expected images, but none could be read; ${summariseSkipped(skipped)}`,
    );
  }
  const { size, channels } = options;
  const elements = imageElements(options);
  const labels = labelsOf(files, given.labels);
  return {
    name: directory,
    count: files.length,
    size,
    channels,
    ...(labels && { labels }),
    skipped,
    newest: newestOf(files),
    ...(given.labels && labels
      ? { fingerprint: withLabels(decoded.fingerprint, labels) }
      : { fingerprint: decoded.fingerprint, earlierFingerprint: decoded.earlierFingerprint }),
    read(index, into, offset) {
      const file = files[index] as ImageFile;
      if (file.slot !== undefined) return bytesToUnit(cache, file.slot * elements, elements, into, offset);
      return decodeAgain(directory, file, options).then((pixels) => bytesToUnit(pixels, 0, elements, into, offset));
    },
  };
}

/** All files, or those that a table labels. */
function chooseFiles(
  directory: string,
  files: readonly ListedFile[],
  table: LabelTable | undefined,
): { readonly files: readonly ChosenFile[]; readonly skipped: readonly SkippedFile[] } {
  if (!table) return { files, skipped: [] };
  const matched = matchLabels(directory, files, table);
  return { files: matched.files.map(({ file, numbers }) => ({ ...file, numbers })), skipped: matched.skipped };
}

/** @throws DataError data_changed if the file is no longer what it was */
async function decodeAgain(directory: string, file: ImageFile, options: DecodeOptions): Promise<Uint8Array> {
  const changed = (how: string, cause?: unknown) =>
    new DataError(
      'data_changed',
      `${directory}/${file.path}: was a whole image when the folder was opened, and ${how}`,
      { cause },
    );
  const { pixels, digest } = await decodeFile(file.location, options).catch((cause: unknown) => {
    throw changed(`cannot be read any more: ${firstLine(cause)}`, cause);
  });
  if (digest.sha256 === file.digest.sha256) return pixels;
  throw changed(
    'has been rewritten since. Put back what it held to go on with the run, or start another run on the images as they are now',
  );
}
