import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { DataError } from '../errors.ts';
import { openRegularFile } from '../files.ts';
import type { SkippedFile } from './dataset.ts';
import { imageKind, SIGNATURE_BYTES } from './image_kind.ts';

const endings = (text: string): ReadonlySet<string> => new Set(text.split(' ').map((ending) => `.${ending}`));

/** The endings of what can be decoded. */
const READABLE = endings('jpg jpeg jpe jfif png webp gif tif tiff avif');

/** Endings of other images. They are read all the same, so that they are told of, with the reason, instead of being overlooked. */
const OTHER = endings('bmp heic heif jp2 j2k jpx jxl pbm pgm ppm pnm pam psd svg tga ico');

/** Most of them are TIFFs that begin with a small preview, which would be taken for the photo. */
const CAMERA_RAW = endings('dng cr2 cr3 crw nef nrw arw sr2 raf orf rw2 pef raw');

/** Hidden entries are thumbnails and bookkeeping of other programs (`.DS_Store`, `._photo.jpg`, `.thumbnails`). */
export const isHidden = (name: string): boolean => name.startsWith('.');

/** Whether data is looked for under this name of a file. */
export const isImageName = (name: string): boolean => !isHidden(name) && READABLE.has(extname(name).toLowerCase());

/** Whether a folder with these entries is that of a run: its sample grids must not become data. */
export const isRunFolder = (names: readonly string[]): boolean =>
  names.includes('config.json') && (names.includes('checkpoints') || names.includes('environment.json'));

/** How often links may lead to one folder. Links between neighbours may form a net with more paths than could be walked. */
const MOST_VISITS = 100;

/** A file that an image is looked for in. */
export interface ListedFile {
  /** Relative to the folder, with `/`. Of a name that is not UTF-8, each byte beyond ASCII stands as `\xE9`. */
  readonly path: string;
  /** What opens it. Names are bytes, which need not be text. */
  readonly location: Buffer;
}

/** What lies below a folder of images. */
export interface ImageListing {
  readonly files: readonly ListedFile[];
  /** What looks like an image and is not opened. */
  readonly skipped: readonly SkippedFile[];
}

/** Every file below `directory` that is an image by its name (upper or lower case), in an order that is the same on every
 *  machine. Links are followed, but not back up to a folder that they lie in; hidden entries are left out, and the folders of
 *  runs as well, but for `directory` itself.
 *  @throws DataError data_not_found, data_not_folder, data_unreadable, data_is_run, data_links, data_empty. */
export async function listImageFiles(directory: string): Promise<ImageListing> {
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
  const walk = new FolderWalk(directory);
  await walk.enter(Buffer.from(directory), '', []);
  const { files, skipped } = walk;
  if (files.length === 0 && skipped.length === 0) {
    throw new DataError(
      'data_empty',
      `${directory}: expected images (${[...READABLE].join(' ')}), but neither it nor any folder below it holds one`,
    );
  }
  return { files: files.sort(byPath), skipped: skipped.sort(byPath) };
}

const unreadable = (path: string, cause: Error): DataError =>
  new DataError('data_unreadable', `${path}: cannot be read: ${cause.message}`, { cause });

/** By code units: the same on every machine. */
const byPath = ({ path: a }: { path: string }, { path: b }: { path: string }): number => (a < b ? -1 : a > b ? 1 : 0);

const SLASH = Buffer.from('/');

/** A name as text, which tells names apart that differ. */
const asText = (name: Buffer): string =>
  isUtf8(name)
    ? name.toString()
    : name.toString('latin1').replace(/[^\0-\x7f]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);

class FolderWalk {
  readonly files: ListedFile[] = [];
  readonly skipped: SkippedFile[] = [];
  private readonly root: string;
  private readonly visits = new Map<string, number>();

  constructor(root: string) {
    this.root = root;
  }

  /** @param path of the folder, with a `/` behind it, '' for the first one
   *  @param above the real paths of the folders that it was reached through */
  async enter(location: Buffer, path: string, above: readonly string[]): Promise<void> {
    const name = path === '' ? this.root : `${this.root}/${path.slice(0, -1)}`;
    const { real, entries } = await readFolder(location, name);
    if (above.includes(real)) return;
    this.count(real, name);
    if (isRunFolder(entries.map((entry) => entry.name.toString()))) {
      if (path === '') throw isRun(this.root);
      this.skipped.push({ path, reason: 'the folder of a run, whose pictures are no data' });
      return;
    }
    for (const entry of entries) await this.take(entry, location, path, [...above, real]);
  }

  private async take(entry: Dirent<Buffer>, folder: Buffer, above: string, reals: readonly string[]): Promise<void> {
    const name = asText(entry.name);
    if (isHidden(name)) return;
    const path = above + name;
    const location = Buffer.concat([folder, SLASH, entry.name]);
    const kind = entry.isSymbolicLink() ? await stat(location).catch(() => undefined) : entry;
    if (kind?.isDirectory()) return this.enter(location, `${path}/`, reals);
    const ending = extname(name).toLowerCase();
    if (READABLE.has(ending) || OTHER.has(ending)) {
      this.files.push({ path, location });
    } else if (CAMERA_RAW.has(ending)) {
      this.skipped.push({ path, reason: 'raw values of a camera cannot be decoded here; convert it to JPEG' });
    } else if (ending === '' && kind?.isFile()) {
      const image = await kindOf(location);
      if (image) this.skipped.push({ path, reason: nameless(image) });
    }
  }

  private count(real: string, name: string): void {
    const visits = (this.visits.get(real) ?? 0) + 1;
    this.visits.set(real, visits);
    if (visits <= MOST_VISITS) return;
    throw new DataError(
      'data_links',
      `${name}: links lead to this folder in more than ${MOST_VISITS} ways; remove the links between the folders of ${this.root}`,
    );
  }
}

const isRun = (directory: string): DataError =>
  new DataError(
    'data_is_run',
    `${directory}: expected a folder of images, but it is the folder of a run; name the folder of its data, or its samples/ if those are meant`,
  );

async function readFolder(location: Buffer, name: string): Promise<{ real: string; entries: Dirent<Buffer>[] }> {
  try {
    const real = await realpath(location, { encoding: 'buffer' });
    const entries = await readdir(location, { withFileTypes: true, encoding: 'buffer' });
    return { real: real.toString('latin1'), entries };
  } catch (cause) {
    throw unreadable(name, cause as Error);
  }
}

/** The kind of image in a file that cannot tell by its name; undefined for anything else, and for what cannot be read. */
async function kindOf(location: Buffer): Promise<ReturnType<typeof imageKind>> {
  try {
    const file = await openRegularFile(location);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SIGNATURE_BYTES), 0, SIGNATURE_BYTES, 0);
      return imageKind(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

const nameless = ({ name, ending, convertTo }: NonNullable<ReturnType<typeof imageKind>>): string =>
  ending
    ? `${name} whose name has no ending; give it ${ending}`
    : `${name} cannot be decoded here; convert it to ${convertTo}`;
