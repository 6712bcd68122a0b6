import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { DataError } from '../errors.ts';

/** Names that promise an image. Formats that sharp cannot read here are listed all the same, so that they are reported as
 *  skipped instead of being overlooked. */
const EXTENSIONS = new Set(
  ['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif', 'heic', 'heif', 'bmp', 'jp2', 'jxl'].map(
    (extension) => `.${extension}`,
  ),
);

const isImageName = (name: string): boolean => EXTENSIONS.has(extname(name).toLowerCase());

/** Hidden entries are thumbnails and bookkeeping of other programs (`.DS_Store`, `._photo.jpg`, `.thumbnails`). */
const isHidden = (name: string): boolean => name.startsWith('.');

const unreadable = (path: string, cause: Error): DataError =>
  new DataError('data_unreadable', `${path}: cannot be read: ${cause.message}`, { cause });

/** Walks `directory` into `files`; `visited` holds real paths, so that a link back up does not recurse for ever. */
async function walk(directory: string, visited: Set<string>, files: string[]): Promise<void> {
  const real = await realpath(directory);
  if (visited.has(real)) return;
  visited.add(real);
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: Error) => {
    throw unreadable(directory, cause);
  });
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    const path = join(directory, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isDirectory()) await walk(path, visited, files);
    else if (isImageName(entry.name)) files.push(path);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Every file below `directory` that is an image by its name (upper or lower case), as paths relative to it with `/`, in an
 *  order that is the same on every machine. Links are followed, hidden entries left out.
 *  @throws DataError data_not_found, data_not_folder, data_unreadable, data_empty. */
export async function listImageFiles(directory: string): Promise<string[]> {
  const found = await stat(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreadable(directory, cause);
    throw new DataError('data_not_found', `${directory}: expected a folder of images, but there is no such folder`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    throw new DataError(
      'data_not_folder',
      `${directory}: expected a folder of images, but it is a file; name its folder`,
    );
  }
  const files: string[] = [];
  await walk(directory, new Set(), files);
  if (files.length === 0) {
    throw new DataError(
      'data_empty',
      `${directory}: expected images (${[...EXTENSIONS].join(' ')}), but neither it nor any folder below it holds one`,
    );
  }
  return files.map((path) => relative(directory, path).split(sep).join('/')).sort(byCodeUnits);
}
