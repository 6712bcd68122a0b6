import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { cacheFolder } from '../../files.ts';
import { isSegmentName, readSegment } from './segment.ts';

/** Where decoded images are kept, and how much of them. */
export interface StoreOptions {
  /** `images` in gannet's folder of the system's cache if not given. */
  readonly folder?: string | undefined;
  /** Bytes that all segments together may have; GANNET_IMAGE_CACHE if not given, else 10 GiB. 0: nothing is kept, nor looked for. */
  readonly limitBytes?: number | undefined;
}

const GIB = 2 ** 30;
const DEFAULT_LIMIT = 10 * GIB;
/** Left free on the disk, whatever the limit says. */
const LEFT_FREE = GIB;
/** A temporary file that is older was left by a process that was killed. */
const ABANDONED_MS = 3_600_000;

/** Where decoded images are kept; undefined for a user without a home. */
export function imageCacheFolder(): string | undefined {
  try {
    return join(cacheFolder(), 'images');
  } catch {
    return undefined;
  }
}

/** The limit in bytes that GANNET_IMAGE_CACHE sets: a number with K, M, G or T behind it, or 0. @throws ConfigError image_cache_size */
export function limitFromEnvironment(text: string | undefined = process.env.GANNET_IMAGE_CACHE): number {
  if (text === undefined || text === '') return DEFAULT_LIMIT;
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(text) ?? [];
  if (number === undefined) {
    throw new ConfigError(
      'image_cache_size',
      `GANNET_IMAGE_CACHE: expected a size such as 20G, or 0 for no cache of decoded images, but received '${text}'`,
    );
  }
  return Math.floor(Number(number) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase()));
}

/** A file of the cache. */
interface StoredFile {
  readonly file: string;
  readonly bytes: number;
  /** When it was written or last read from. */
  readonly usedMs: number;
}

async function listFiles(folder: string): Promise<StoredFile[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const found = await stat(file).catch(() => undefined);
      return found?.isFile() ? [{ file, bytes: found.size, usedMs: found.mtimeMs }] : [];
    }),
  );
  return files.flat();
}

/** Makes room for a segment of `bytes`: removes those that were not used for the longest time, but none in `keep`. Answers false where
 *  that does not suffice, or the disk would become full. */
export async function makeRoom(folder: string, bytes: number, limitBytes: number, keep: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - bytes < LEFT_FREE) return false;
  const files = await listFiles(folder);
  let total = files.reduce((sum, file) => sum + file.bytes, bytes);
  for (const { file, bytes: size, usedMs } of files.sort((a, b) => a.usedMs - b.usedMs)) {
    const isAbandoned = !isSegmentName(file) && Date.now() - usedMs > ABANDONED_MS;
    if (!isAbandoned && (total <= limitBytes || file.startsWith(keep) || !isSegmentName(file))) continue;
    await rm(file, { force: true });
    total -= size;
  }
  return total <= limitBytes;
}

/** What is kept of one folder of images, decoded in one way. */
export interface CachedFolder {
  readonly folder: string;
  /** How its images were decoded, such as `64x64x3`. */
  readonly settings: string;
  readonly images: number;
  readonly bytes: number;
}

/** What the cache of decoded images holds, the largest first. @param folder where it lies */
export async function listImageCache(folder = imageCacheFolder()): Promise<CachedFolder[]> {
  if (folder === undefined) return [];
  const found = new Map<string, CachedFolder>();
  for (const { file, bytes } of await listFiles(folder)) {
    const segment = isSegmentName(file) ? await readSegment(file).catch(() => undefined) : undefined;
    const { folder: source, settings } = segment ?? { folder: '(damaged)', settings: '' };
    const key = JSON.stringify([source, settings]);
    const before = found.get(key) ?? { folder: source, settings, images: 0, bytes: 0 };
    const images = before.images + (segment?.images.length ?? 0);
    found.set(key, { ...before, images, bytes: before.bytes + bytes });
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}

/** Removes every decoded image that is kept; answers how many bytes they had. @param folder where they lie */
export async function clearImageCache(folder = imageCacheFolder()): Promise<number> {
  if (folder === undefined) return 0;
  const files = await listFiles(folder);
  await rm(folder, { recursive: true, force: true });
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
