import { totalmem } from 'node:os';
import { DataError } from '../errors.ts';
import { baseDefaults } from '../models/recipe.ts';
import { checkFormat } from './conform.ts';
import { type Dataset, type Labels, type ProgressListener, type SkippedFile, summariseSkipped } from './dataset.ts';
import { type DecodeOptions, firstLine } from './decode.ts';
import { decodeFile } from './decode_file.ts';
import { type FileDigest, type Fingerprints, fingerprintsOf } from './fingerprint.ts';
import { type ListedFile, listImageFiles } from './image_files.ts';
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
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

const GIB = 2 ** 30;
const defaultCacheBytes = (): number => Math.min(2 * GIB, totalmem() / 4);

/** A file that holds a whole image, and where the cache keeps its pixels (undefined: nowhere). */
interface ImageFile extends ListedFile {
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
  listed: readonly ListedFile[],
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
function labelsOf(files: readonly ImageFile[]): Labels | undefined {
  const classes = files.map(({ path }) => classOf(path));
  const names = [...new Set(classes)];
  if (names.length < 2 || names.includes(undefined)) return undefined;
  return { names: names as string[], values: Int32Array.from(classes, (name) => names.indexOf(name)) };
}

/** A folder of images as a data set: recursive, sub-folders are labels, mixed sizes and kinds (see decodeImage). Files that
 *  cannot be decoded are left out and listed in `skipped`, behind them what else looks like an image.
 *  @throws DataError data_not_found, data_not_folder, data_unreadable, data_is_run, data_links, data_empty, data_all_bad. */
export async function openImageFolder(directory: string, given: FolderOptions): Promise<Dataset> {
  checkFormat(given);
  const options = { ...given, maxPixels: given.maxPixels ?? baseDefaults.maxPixels, crop: given.crop ?? 0 };
  const listing = await listImageFiles(directory);
  const { files, cache, fingerprint, earlierFingerprint, ...decoded } = await decodeAll(listing.files, options);
  const skipped = [...decoded.skipped, ...listing.skipped];
  if (files.length === 0) {
    throw new DataError(
      'data_all_bad',
      `${directory}: expected images, but none could be read; ${summariseSkipped(skipped)}`,
    );
  }
  const { size, channels } = options;
  const elements = imageElements(options);
  const labels = labelsOf(files);
  return {
    name: directory,
    count: files.length,
    size,
    channels,
    ...(labels && { labels }),
    skipped,
    newest: newestOf(files),
    fingerprint,
    earlierFingerprint,
    read(index, into, offset) {
      const file = files[index] as ImageFile;
      if (file.slot !== undefined) return bytesToUnit(cache, file.slot * elements, elements, into, offset);
      return decodeAgain(directory, file, options).then((pixels) => bytesToUnit(pixels, 0, elements, into, offset));
    },
  };
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
