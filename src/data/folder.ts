import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { checkFormat } from './conform.ts';
import { type Dataset, type Labels, type ProgressListener, type SkippedFile, summariseSkipped } from './dataset.ts';
import { decodeImage, firstLine } from './decode.ts';
import { listImageFiles } from './image_files.ts';
import { decodersInFlight, forEachConcurrently } from './parallel.ts';
import { bytesToUnit, type ImageFormat, imageElements } from './pixels.ts';

/** What a folder of images is asked for. */
export interface FolderOptions extends ImageFormat {
  /** Memory for decoded images, in bytes; a quarter of the machine's, at most 2 GiB, if not given. What does not fit is
   *  decoded again each time it is read. */
  readonly cacheBytes?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

const GIB = 2 ** 30;
const defaultCacheBytes = (): number => Math.min(2 * GIB, totalmem() / 4);

/** A file that holds a whole image, and where the cache keeps its pixels (undefined: nowhere). */
interface ImageFile {
  readonly path: string;
  readonly slot: number | undefined;
}

interface DecodedFolder {
  readonly files: readonly ImageFile[];
  readonly skipped: readonly SkippedFile[];
  readonly cache: Uint8Array;
  readonly fingerprint: string;
}

/** Decodes every file once: a file is known to be good before training starts, so that the images and their order depend on
 *  the folder alone, however much of it the cache holds. */
async function decodeAll(directory: string, paths: readonly string[], options: FolderOptions): Promise<DecodedFolder> {
  const bytes = imageElements(options);
  const slots = Math.min(paths.length, Math.floor((options.cacheBytes ?? defaultCacheBytes()) / bytes));
  const cache = new Uint8Array(slots * bytes);
  const reasons = new Map<number, string>();
  const fileBytes = new Array<number>(paths.length);
  let done = 0;
  await forEachConcurrently(paths.length, decodersInFlight(), async (index) => {
    options.signal?.throwIfAborted();
    try {
      const file = await readFile(join(directory, paths[index] as string));
      const pixels = await decodeImage(file, options);
      if (index < slots) cache.set(pixels, index * bytes);
      fileBytes[index] = file.length;
    } catch (error) {
      if (error instanceof DataError) throw error;
      reasons.set(index, firstLine(error));
    }
    options.onProgress?.(++done, paths.length);
  });
  const digest = createHash('sha256');
  const files: ImageFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, path] of paths.entries()) {
    const reason = reasons.get(index);
    if (reason !== undefined) {
      skipped.push({ path, reason });
      continue;
    }
    files.push({ path, slot: index < slots ? index : undefined });
    digest.update(`${path}\n${fileBytes[index]}\n`);
  }
  return { files, skipped, cache, fingerprint: digest.digest('hex') };
}

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
 *  cannot be decoded are left out and listed in `skipped`.
 *  @throws DataError data_not_found, data_not_folder, data_unreadable, data_empty, data_all_bad. */
export async function openImageFolder(directory: string, options: FolderOptions): Promise<Dataset> {
  checkFormat(options);
  const paths = await listImageFiles(directory);
  const { files, skipped, cache, fingerprint } = await decodeAll(directory, paths, options);
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
    fingerprint,
    read(index, into, offset) {
      const { path, slot } = files[index] as ImageFile;
      if (slot !== undefined) return bytesToUnit(cache, slot * elements, elements, into, offset);
      return decodeAgain(join(directory, path), options).then((pixels) =>
        bytesToUnit(pixels, 0, elements, into, offset),
      );
    },
  };
}

async function decodeAgain(path: string, format: ImageFormat): Promise<Uint8Array> {
  try {
    return await decodeImage(await readFile(path), format);
  } catch (cause) {
    throw new DataError(
      'data_changed',
      `${path}: was a whole image when the folder was opened, and cannot be read any more: ${firstLine(cause)}`,
      { cause },
    );
  }
}
