import { basename } from 'node:path';
import { bothSides } from '../config/image_size.ts';
import type { Config } from '../config/index.ts';
import { type DecodeOptions, decodeImage, firstLine } from '../data/decode.ts';
import { decodeFile } from '../data/decode_file.ts';
import { listImageFiles } from '../data/image_files.ts';
import type { Channels, ImageBatch, ImageFormat, SkippedFile, Split } from '../data/index.ts';
import { decodersInFlight, forEachConcurrently } from '../data/parallel.ts';
import { bytesToUnit, imageElements } from '../data/pixels.ts';
import { DataError } from '../errors.ts';
import { openRunImages } from '../evaluation/run_images.ts';
import { statOf } from '../files.ts';
import { drawIndices, evaluationRandom } from '../metrics/draw.ts';

/** Images of files in a run's format. */
export interface ReadImages {
  /** [N,H,W,C] in [-1, 1] */
  readonly images: ImageBatch;
  /** Of each image, a name that no other has, without folder and ending. */
  readonly names: readonly string[];
  /** What lies in a folder and looks like an image, but cannot be read. */
  readonly skipped: readonly SkippedFile[];
}

/** How a run brings images to its format. */
export type ImageReading = Pick<Config, 'size' | 'channels' | 'crop' | 'maxPixels'>;

interface NamedFile {
  readonly path: string;
  readonly location: Buffer;
  /** Of a folder, where a file that cannot be read is left out. */
  readonly isFound: boolean;
}

/** Reads images as training does: turned upright, cut out and scaled to cover the run's size, in its channels.
 *  @param paths of files and folders
 *  @throws DataError image_unreadable for a named file that is no whole image, data_not_found, data_all_bad if nothing is left, and what
 *  listing a folder throws */
export async function readImages(paths: readonly string[], reading: ImageReading): Promise<ReadImages> {
  const listed = await Promise.all(paths.map(filesOf));
  const files = listed.flatMap(({ files }) => files);
  const skipped = listed.flatMap((listing) => listing.skipped);
  const format = formatOf(reading);
  const decoded: (Uint8Array | undefined)[] = files.map(() => undefined);
  await forEachConcurrently(files.length, decodersInFlight(), async (i) => {
    const { path, location, isFound } = files[i] as NamedFile;
    try {
      decoded[i] = (await decodeFile(location, format)).pixels;
    } catch (error) {
      if (error instanceof DataError) throw error;
      if (!isFound) throw unreadable(path, error);
      skipped.push({ path, reason: firstLine(error) });
    }
  });
  const read = files.flatMap(({ path }, i) => (decoded[i] ? { path, pixels: decoded[i] } : []));
  if (read.length === 0) {
    throw new DataError('data_all_bad', `${paths.join(', ')}: expected images, but none could be read`);
  }
  return {
    images: batchOf(
      read.map(({ pixels }) => pixels),
      format,
    ),
    names: uniqueNames(read.map(({ path }) => path)),
    skipped,
  };
}

const formatOf = ({ size, channels, crop, maxPixels }: ImageReading): DecodeOptions => ({
  size: bothSides(size),
  channels: channels as Channels,
  crop,
  maxPixels,
});

const unreadable = (path: string, cause: unknown): DataError =>
  new DataError('image_unreadable', `${path}: ${firstLine(cause)}; expected an image that can be read`, { cause });

async function filesOf(
  path: string,
): Promise<{ readonly files: readonly NamedFile[]; readonly skipped: readonly SkippedFile[] }> {
  if (!statOf(path)?.isDirectory())
    return { files: [{ path, location: Buffer.from(path), isFound: false }], skipped: [] };
  const { files, skipped } = await listImageFiles(path);
  return { files: files.map((file) => ({ ...file, isFound: true })), skipped };
}

/** Bytes [H,W,C] each -> [N,H,W,C] in [-1, 1]. */
function batchOf(pixels: readonly Uint8Array[], format: ImageFormat): ImageBatch {
  const elements = imageElements(format);
  const data = new Float32Array(pixels.length * elements);
  for (const [i, bytes] of pixels.entries()) bytesToUnit(bytes, 0, elements, data, i * elements);
  return { data, shape: [pixels.length, ...format.size, format.channels] };
}

/** An image that was sent as bytes. @throws DataError image_unreadable */
export async function readImage(bytes: Uint8Array, name: string, reading: ImageReading): Promise<ImageBatch> {
  const format = formatOf(reading);
  const pixels = await decodeImage(bytes, format).catch((error: unknown) => {
    if (error instanceof DataError) throw error;
    throw unreadable(name, error);
  });
  return batchOf([pixels], format);
}

/** Images of the data that a run was trained on, drawn by a seed, each named by its number in the data.
 *  @throws DataError samples_few, data_moved, and what opening the data throws */
export async function readRunImages(
  folder: string,
  config: Config,
  { count, seed, split }: { readonly count: number; readonly seed: number; readonly split?: Split | undefined },
): Promise<ReadImages> {
  const dataset = await openRunImages(folder, config, { split });
  if (count > dataset.count)
    throw new DataError(
      'samples_few',
      `--count: ${count} images were asked for, but ${dataset.name} holds ${dataset.count}`,
    );
  const indices = drawIndices(dataset.count, count, evaluationRandom(seed, 0));
  const elements = imageElements(dataset);
  const data = new Float32Array(count * elements);
  for (const [i, index] of indices.entries()) await dataset.read(index, data, i * elements);
  const images: ImageBatch = { data, shape: [count, ...dataset.size, dataset.channels] };
  return { images, names: Array.from(indices, String), skipped: dataset.skipped };
}

/** The names of files without ending, and a number behind those that another has had. */
function uniqueNames(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const plain = basename(path).replace(/\.[^.]*$/, '');
    let name = plain;
    for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${plain}-${count}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
