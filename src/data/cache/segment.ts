import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '../../files.ts';
import type { FileDigest, FileStamp } from '../fingerprint.ts';

/** An image as it is kept: what it was decoded from, and by which number its pixels are known. */
export interface KeptImage {
  /** In the folder of images. */
  readonly path: string;
  readonly stamp: FileStamp;
  readonly digest: FileDigest;
  /** Of the pixels. */
  readonly checksum: string;
}

/** What a segment tells of itself: the folder that its images are from and how they were decoded, for people. */
export interface SegmentOrigin {
  readonly folder: string;
  readonly settings: string;
}

interface SegmentHeader extends SegmentOrigin {
  /** Bytes of one image's pixels. */
  readonly imageBytes: number;
  readonly images: readonly KeptImage[];
}

/** A file with many decoded images, which is written once and never changed: the length of its header as uint32, the header as JSON, the
 *  SHA-256 of that, and the pixels of the images in the order of the header. */
export interface Segment extends SegmentHeader {
  readonly file: string;
  /** Where the pixels of the first image begin. */
  readonly begin: number;
}

const ENDING = '.images';
const LENGTH_BYTES = 4;
const HASH_BYTES = 32;
/** More than any header has. */
const MOST_HEADER_BYTES = 2 ** 28;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The number that pixels are known by. */
export const checksumOf = (pixels: Uint8Array): string => sha256(pixels).toString('hex').slice(0, 32);

/** Whether a file is a segment, by its name. */
export const isSegmentName = (name: string): boolean => name.endsWith(ENDING);

/** A segment that is to be written. */
export interface EncodedSegment {
  readonly header: SegmentHeader;
  readonly bytes: Buffer;
  readonly begin: number;
}

/** The bytes of a segment with these images. */
export function encodeSegment(
  origin: SegmentOrigin,
  images: readonly (KeptImage & { readonly pixels: Uint8Array })[],
): EncodedSegment {
  const header: SegmentHeader = {
    ...origin,
    imageBytes: images[0]?.pixels.length ?? 0,
    images: images.map(({ pixels: _, ...image }) => image),
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  const bytes = Buffer.concat([length, text, sha256(text), ...images.map(({ pixels }) => pixels)]);
  return { header, bytes, begin: LENGTH_BYTES + text.length + HASH_BYTES };
}

/** Writes a segment under a name of its own: whole, or not at all. Answers what readSegment would. */
export async function writeSegment(directory: string, { header, bytes, begin }: EncodedSegment): Promise<Segment> {
  const file = join(directory, randomBytes(12).toString('hex') + ENDING);
  const temporary = `${file}.tmp`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { ...header, file, begin };
}

/** What a segment holds; undefined if it is damaged or cut short. @throws the file system's errors */
export async function readSegment(file: string): Promise<Segment | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const readAt = async (at: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    const length = await readAt(0, LENGTH_BYTES);
    const textBytes = length.length === LENGTH_BYTES ? length.readUInt32LE() : 0;
    const begin = LENGTH_BYTES + textBytes + HASH_BYTES;
    if (textBytes === 0 || textBytes > MOST_HEADER_BYTES || begin > size) return undefined;
    const text = await readAt(LENGTH_BYTES, textBytes);
    if (!sha256(text).equals(await readAt(LENGTH_BYTES + textBytes, HASH_BYTES))) return undefined;
    const header = JSON.parse(String(text)) as SegmentHeader;
    if (begin + header.images.length * header.imageBytes !== size) return undefined;
    return { ...header, file, begin };
  } finally {
    await handle.close();
  }
}

/** The pixels of image `index`; undefined if they are not what was written, or are no longer there. */
export async function readPixels(segment: Segment, index: number): Promise<Uint8Array | undefined> {
  const { file, begin, imageBytes } = segment;
  try {
    const handle = await open(file, 'r');
    try {
      const { buffer } = await handle.read(Buffer.alloc(imageBytes), 0, imageBytes, begin + index * imageBytes);
      return intact(segment, index, buffer);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** Of each of these images, the pixels or undefined, as readPixels has them; the file is read once. */
export async function* readManyPixels(
  segment: Segment,
  indices: readonly number[],
): AsyncGenerator<readonly [index: number, pixels: Uint8Array | undefined]> {
  const { file, begin, imageBytes } = segment;
  const content = await readRegularFile(file).catch(() => Buffer.alloc(0));
  for (const index of indices) {
    const from = begin + index * imageBytes;
    yield [index, intact(segment, index, content.subarray(from, from + imageBytes))];
  }
}

const intact = ({ images }: Segment, index: number, pixels: Uint8Array): Uint8Array | undefined =>
  checksumOf(pixels) === images[index]?.checksum ? pixels : undefined;
