import { createHash } from 'node:crypto';
import { mkdir, readdir, realpath, rm, utimes } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { packageVersion } from '../../package.ts';
import { describeFailure } from '../../storage.ts';
import type { DecodeOptions } from '../decode.ts';
import { type FileDigest, type FileStamp, isSameStamp } from '../fingerprint.ts';
import { loadSharp } from '../sharp.ts';
import {
  checksumOf,
  encodeSegment,
  isSegmentName,
  type KeptImage,
  readManyPixels,
  readPixels,
  readSegment,
  type Segment,
  type SegmentOrigin,
  writeSegment,
} from './segment.ts';
import { imageCacheFolder, limitFromEnvironment, makeRoom, type StoreOptions } from './store.ts';

/** How decoded images are kept between two openings of a folder. */
export interface ImageCacheOptions extends StoreOptions {
  /** Decoding that takes less time is not worth keeping; one second if not given. */
  readonly worthMs?: number | undefined;
  /** A file that changed less than this before it was read may change again without another time stamp, and is not kept; two seconds if not
   *  given, the coarsest clock of a file system. */
  readonly settledMs?: number | undefined;
}

/** Pixels that wait in memory for a segment to be full. */
const SEGMENT_BYTES = 2 ** 25;

interface Place {
  readonly segment: Segment;
  readonly index: number;
}

/** The decoded images of one folder on disk. An image is known by the path, size and times of its file, and by everything that decides its
 *  pixels: the size and channels asked for, the crop, and the versions of gannet and of the decoder. Nothing that goes wrong with it ends
 *  the opening of a folder. Several processes may use it at once: segments are never changed, and appear whole. */
export class ImageCache {
  private readonly directory: string;
  private readonly store: string;
  private readonly limitBytes: number;
  private readonly origin: SegmentOrigin;
  private readonly options: ImageCacheOptions;
  private readonly openedMs = performance.now();
  private readonly segments: Segment[] = [];
  /** Where images may be, until somebody asks for them; a path may have several, from processes that ran at once or of earlier content. */
  private readonly candidates = new Map<string, Place[]>();
  private readonly places = new Map<string, Place>();
  private pending: (KeptImage & { readonly pixels: Uint8Array })[] = [];
  private hasWritten = false;
  private failure: string | undefined;

  private constructor(
    directory: string,
    store: string,
    limitBytes: number,
    origin: SegmentOrigin,
    options: ImageCacheOptions,
  ) {
    this.directory = directory;
    this.store = store;
    this.limitBytes = limitBytes;
    this.origin = origin;
    this.options = options;
  }

  /** What is kept of a folder's images; undefined where nothing may be kept, or there is no place for it.
   *  @throws ConfigError image_cache_size */
  static async open(
    folder: string,
    decode: DecodeOptions,
    options: ImageCacheOptions,
  ): Promise<ImageCache | undefined> {
    const limitBytes = options.limitBytes ?? limitFromEnvironment();
    const store = options.folder ?? imageCacheFolder();
    if (limitBytes === 0 || store === undefined) return undefined;
    const { versions } = await loadSharp();
    const { size, channels, crop, maxPixels } = decode;
    const origin = {
      folder: await realpath(folder),
      settings: [...size, channels].join('x') + (crop > 0 ? `, crop ${crop}` : ''),
    };
    const subject = JSON.stringify([origin, maxPixels, packageVersion(), versions]);
    const directory = join(store, createHash('sha256').update(subject).digest('hex').slice(0, 32));
    const cache = new ImageCache(directory, store, limitBytes, origin, options);
    await cache.readSegments();
    return cache;
  }

  private async readSegments(): Promise<void> {
    const names = (await readdir(this.directory).catch(() => [])).filter(isSegmentName).sort();
    for (const name of names) {
      const file = join(this.directory, name);
      const segment = await readSegment(file).catch(() => undefined);
      if (segment) this.offer(segment);
      else await rm(file, { force: true }).catch(() => {});
    }
  }

  private offer(segment: Segment): void {
    this.segments.push(segment);
    for (const [index, { path }] of segment.images.entries()) {
      const others = this.candidates.get(path);
      if (others) others.push({ segment, index });
      else this.candidates.set(path, [{ segment, index }]);
    }
  }

  /** What a file held as its image was decoded; undefined if nothing is kept of the file as it is now. */
  find(path: string, stamp: FileStamp): FileDigest | undefined {
    const candidates = this.candidates.get(path) ?? [];
    this.candidates.delete(path);
    const place = candidates.find(({ segment, index }) =>
      isSameStamp((segment.images[index] as KeptImage).stamp, stamp),
    );
    if (place) this.places.set(path, place);
    return place?.segment.images[place.index]?.digest;
  }

  /** The pixels of many images that were found, segment by segment. What is damaged is left out, and not found any more. */
  async *readMany(paths: ReadonlySet<string>): AsyncGenerator<readonly [path: string, pixels: Uint8Array]> {
    for (const segment of this.segments) {
      const wanted = [...segment.images.keys()].filter(
        (index) => this.isPlace(segment, index) && paths.has((segment.images[index] as KeptImage).path),
      );
      if (wanted.length === 0) continue;
      for await (const [index, pixels] of readManyPixels(segment, wanted)) {
        const { path } = segment.images[index] as KeptImage;
        if (pixels) yield [path, pixels];
        else this.places.delete(path);
      }
    }
  }

  private isPlace(segment: Segment, index: number): boolean {
    const place = this.places.get((segment.images[index] as KeptImage).path);
    return place?.segment === segment && place.index === index;
  }

  /** The pixels of one image; undefined if they are not kept. */
  async read(path: string): Promise<Uint8Array | undefined> {
    const place = this.places.get(path);
    return place && readPixels(place.segment, place.index);
  }

  /** Keeps an image, which was read from a file with this stamp. */
  async add(path: string, stamp: FileStamp, digest: FileDigest, pixels: Uint8Array): Promise<void> {
    const { settledMs = 2000 } = this.options;
    if (this.failure !== undefined || Date.now() - Number(stamp.changedNs) / 1e6 < settledMs) return;
    this.pending.push({ path, stamp, digest, checksum: checksumOf(pixels), pixels });
    if (this.pending.length * pixels.length >= SEGMENT_BYTES) await this.flush();
  }

  /** Writes what is not written yet, and removes segments of which nothing is of use any more. Answers what people should know: nothing, or
   *  why images could not be kept. */
  async close(): Promise<readonly string[]> {
    const { worthMs = 1000 } = this.options;
    if (this.hasWritten || performance.now() - this.openedMs >= worthMs) await this.flush();
    this.pending = [];
    const now = new Date();
    for (const segment of this.segments) {
      const isUsed = segment.images.some(
        ({ path }, index) => this.candidates.has(path) || this.isPlace(segment, index),
      );
      await (isUsed ? utimes(segment.file, now, now) : rm(segment.file, { force: true })).catch(() => {});
    }
    return this.failure === undefined ? [] : [this.failure];
  }

  private async flush(): Promise<void> {
    const images = this.pending;
    this.pending = [];
    if (images.length === 0 || this.failure !== undefined) return;
    const encoded = encodeSegment(this.origin, images);
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      if (await makeRoom(this.store, encoded.bytes.length, this.limitBytes, this.directory + sep)) {
        const segment = await writeSegment(this.directory, encoded);
        this.segments.push(segment);
        for (const [index, { path }] of images.entries()) this.places.set(path, { segment, index });
        this.hasWritten = true;
      } else {
        this.failure = `not all decoded images were kept in ${this.store}: it may hold ${this.limitBytes} bytes and leaves 1 GiB of the disk free; GANNET_IMAGE_CACHE=SIZE changes that`;
      }
    } catch (error) {
      this.failure = `the decoded images could not be kept in ${this.store} ${describeFailure(error, 'set XDG_CACHE_HOME to another folder')}`;
    }
  }
}
