import { DataError } from '../errors.ts';
import { baseDefaults } from '../models/recipe.ts';
import type { ImageCache } from './cache/image_cache.ts';
import { checkFormat } from './conform.ts';
import { type Dataset, type SkippedFile, type Split, summariseSkipped } from './dataset.ts';
import { type DecodeOptions, firstLine } from './decode.ts';
import { decodeFile } from './decode_file.ts';
import { type DecodeFolderOptions, decodeFolder, type ImageFile } from './decode_folder.ts';
import { withLabels } from './fingerprint.ts';
import { type ListedFile, listImageFiles } from './image_files.ts';
import { classLabels, type Labels, labelWidth } from './labels/labels.ts';
import { matchLabels } from './labels/match.ts';
import type { LabelTable } from './labels/table.ts';
import { bytesToUnit, type ImageFormat, imageElements } from './pixels.ts';

/** What a folder of images is asked for. */
export interface FolderOptions extends ImageFormat, Omit<DecodeFolderOptions, keyof DecodeOptions> {
  /** Files with more pixels are skipped; see the key of this name. */
  readonly maxPixels?: number | undefined;
  /** Side of the square that is cut out of the middle before scaling; see the key of this name. */
  readonly crop?: number | undefined;
  /** Labels of the images, in place of the folders that they lie in; images without one are left out. */
  readonly labels?: LabelTable | undefined;
}

/** What a folder with a file of labels is asked for. */
export interface LabelledFolderOptions extends Omit<FolderOptions, 'labels'> {
  /** A file of labels in place of the data set's own. */
  readonly labels?: string | undefined;
  /** Attributes to keep, in this order; all if not given. */
  readonly attributes?: readonly string[] | undefined;
  readonly split?: Split | undefined;
}

/** A file to be decoded, with its label where a table tells it. */
interface ChosenFile extends ListedFile {
  readonly numbers?: ArrayLike<number>;
}

/** How many of the newest files an error names. */
const NAMED = 5;

const newestOf = (files: readonly ImageFile<ChosenFile>[]): string[] =>
  files
    .toSorted((a, b) => Number(b.changedNs - a.changedNs))
    .slice(0, NAMED)
    .map(({ path }) => path);

/** The sub-folder (one level) that a file lies in; undefined for a file beside them. */
const classOf = (path: string): string | undefined =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;

/** Sub-folders as classes, in their order of names, if there are at least two and no image lies outside them. */
function labelsOfFolders(files: readonly ImageFile<ChosenFile>[]): Labels | undefined {
  const classes = files.map(({ path }) => classOf(path));
  if (new Set(classes).size < 2 || classes.includes(undefined)) return undefined;
  return classLabels(classes as string[]);
}

function labelsOf(files: readonly ImageFile<ChosenFile>[], table: LabelTable | undefined): Labels | undefined {
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
  const { files, memory, disk, notes, ...decoded } = await decodeFolder(directory, chosen.files, options);
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
    notes,
    ...(given.labels && labels
      ? { fingerprint: withLabels(decoded.fingerprint, labels) }
      : { fingerprint: decoded.fingerprint, earlierFingerprint: decoded.earlierFingerprint }),
    read(index, into, offset) {
      const file = files[index] as ImageFile<ChosenFile>;
      if (file.slot !== undefined) return bytesToUnit(memory, file.slot * elements, elements, into, offset);
      return readAgain(directory, file, disk, options).then((pixels) => bytesToUnit(pixels, 0, elements, into, offset));
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

/** The pixels as they were when the folder was opened: from the cache on disk, or decoded again.
 *  @throws DataError data_changed if the file is no longer what it was */
async function readAgain(
  directory: string,
  file: ImageFile<ChosenFile>,
  disk: ImageCache | undefined,
  options: DecodeOptions,
): Promise<Uint8Array> {
  const kept = await disk?.read(file.path);
  if (kept) return kept;
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
