import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { DataError } from '../errors.ts';
import { ImageCache, type ImageCacheOptions } from './cache/image_cache.ts';
import type { ProgressListener, SkippedFile } from './dataset.ts';
import { type DecodeOptions, firstLine } from './decode.ts';
import { decodeFile } from './decode_file.ts';
import { type FileDigest, type Fingerprints, fingerprintsOf, stampOf } from './fingerprint.ts';
import type { ListedFile } from './image_files.ts';
import { decodersInFlight, forEachConcurrently } from './parallel.ts';
import { imageElements } from './pixels.ts';

/** How a folder's images are decoded and kept. */
export interface DecodeFolderOptions extends DecodeOptions {
  /** Memory for decoded images, in bytes; a quarter of the machine's, at most 2 GiB, if not given. What does not fit is taken from the cache
   *  on disk each time it is read, or decoded again. */
  readonly cacheBytes?: number | undefined;
  /** The cache of decoded images on disk; false for none. */
  readonly imageCache?: ImageCacheOptions | false | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a file once it was decoded. */
interface Decoded {
  /** Nanoseconds, as its stamp has them. */
  readonly changedNs: bigint;
  readonly digest: FileDigest;
}

/** A file that holds a whole image, and where `memory` has its pixels: the slot; undefined: nowhere. */
export type ImageFile<F extends ListedFile> = F & Decoded & { readonly slot: number | undefined };

/** A folder whose images were all decoded once. */
export interface DecodedFolder<F extends ListedFile> extends Fingerprints {
  readonly files: readonly ImageFile<F>[];
  readonly skipped: readonly SkippedFile[];
  /** uint8 [slots, H, W, C]. */
  readonly memory: Uint8Array;
  readonly disk: ImageCache | undefined;
  /** What people should know of the cache on disk. */
  readonly notes: readonly string[];
}

const GIB = 2 ** 30;
const defaultMemoryBytes = (): number => Math.min(2 * GIB, totalmem() / 4);

/** Decodes every file once, or takes it as the cache on disk has it: a file is known to be good before training starts, so that the images and
 *  their order depend on the folder alone, however much of it is kept.
 *  @throws DataError sharp_unavailable; ConfigError image_cache_size */
export async function decodeFolder<F extends ListedFile>(
  directory: string,
  listed: readonly F[],
  options: DecodeFolderOptions,
): Promise<DecodedFolder<F>> {
  const { imageCache = {} } = options;
  const disk = imageCache === false ? undefined : await ImageCache.open(directory, options, imageCache);
  const decoder = new FolderDecoder(listed, options, disk);
  let notes: readonly string[] = [];
  try {
    if (disk) await decoder.takeKept(disk);
    await decoder.decodeRest();
  } finally {
    notes = (await disk?.close()) ?? [];
  }
  const { files, skipped, memory } = decoder.result();
  return { files, skipped, memory, disk, notes, ...fingerprintsOf(files.map(({ path, digest }) => [path, digest])) };
}

class FolderDecoder<F extends ListedFile> {
  private readonly listed: readonly F[];
  private readonly options: DecodeFolderOptions;
  private readonly disk: ImageCache | undefined;
  private readonly imageBytes: number;
  private readonly slots: number;
  private readonly memory: Uint8Array;
  private readonly decoded = new Map<number, Decoded>();
  private readonly reasons = new Map<number, string>();

  constructor(listed: readonly F[], options: DecodeFolderOptions, disk: ImageCache | undefined) {
    const { cacheBytes = defaultMemoryBytes() } = options;
    this.listed = listed;
    this.options = options;
    this.disk = disk;
    this.imageBytes = imageElements(options);
    this.slots = Math.min(listed.length, Math.floor(cacheBytes / this.imageBytes));
    this.memory = new Uint8Array(this.slots * this.imageBytes);
  }

  /** Takes what the cache on disk has of the files as they are now: pixels into memory as far as that goes. */
  async takeKept(disk: ImageCache): Promise<void> {
    const found = new Map<string, { readonly index: number; readonly decoded: Decoded }>();
    await forEachConcurrently(this.listed.length, decodersInFlight(), async (index) => {
      this.options.signal?.throwIfAborted();
      const { path, location } = this.listed[index] as F;
      const stats = await stat(location, { bigint: true }).catch(() => undefined);
      if (!stats?.isFile()) return;
      const digest = disk.find(path, stampOf(stats));
      if (!digest) return;
      const decoded = { changedNs: stats.ctimeNs, digest };
      if (index < this.slots) found.set(path, { index, decoded });
      else this.finish(index, decoded);
    });
    for await (const [path, pixels] of disk.readMany(new Set(found.keys()))) {
      this.options.signal?.throwIfAborted();
      const { index, decoded } = found.get(path) as { index: number; decoded: Decoded };
      this.memory.set(pixels, index * this.imageBytes);
      this.finish(index, decoded);
    }
  }

  async decodeRest(): Promise<void> {
    const rest = [...this.listed.keys()].filter((index) => !this.decoded.has(index));
    await forEachConcurrently(rest.length, decodersInFlight(), (i) => this.decode(rest[i] as number));
  }

  private async decode(index: number): Promise<void> {
    this.options.signal?.throwIfAborted();
    const { path, location } = this.listed[index] as F;
    try {
      const { pixels, digest, stamp } = await decodeFile(location, this.options);
      if (index < this.slots) this.memory.set(pixels, index * this.imageBytes);
      if (stamp) await this.disk?.add(path, stamp, digest, pixels);
      this.finish(index, { changedNs: BigInt(stamp?.changedNs ?? Date.now() * 1e6), digest });
    } catch (error) {
      if (error instanceof DataError) throw error;
      this.reasons.set(index, firstLine(error));
      this.tellProgress();
    }
  }

  private finish(index: number, decoded: Decoded): void {
    this.decoded.set(index, decoded);
    this.tellProgress();
  }

  private tellProgress(): void {
    this.options.onProgress?.(this.decoded.size + this.reasons.size, this.listed.length);
  }

  result() {
    const files: ImageFile<F>[] = [];
    const skipped: SkippedFile[] = [];
    for (const [index, file] of this.listed.entries()) {
      const decoded = this.decoded.get(index);
      if (decoded) files.push({ ...file, ...decoded, slot: index < this.slots ? index : undefined });
      else skipped.push({ path: file.path, reason: this.reasons.get(index) as string });
    }
    return { files, skipped, memory: this.memory };
  }
}
