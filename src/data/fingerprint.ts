import { createHash } from 'node:crypto';
import type { Labels } from './labels/labels.ts';

/** What a file held when it was read. */
export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** How large a file was and when it, its name or its place had changed: another stamp means another content. Times in nanoseconds. */
export interface FileStamp {
  readonly bytes: number;
  readonly modifiedNs: string;
  readonly changedNs: string;
}

/** The stamp of a file, from what `stat` says with `bigint: true`. The types of the library do without those of Node. */
export const stampOf = ({ size, mtimeNs, ctimeNs }: Record<'size' | 'mtimeNs' | 'ctimeNs', bigint>): FileStamp => ({
  bytes: Number(size),
  modifiedNs: String(mtimeNs),
  changedNs: String(ctimeNs),
});

/** Whether a file has not changed between two stamps. */
export const isSameStamp = (a: FileStamp, b: FileStamp): boolean =>
  a.bytes === b.bytes && a.modifiedNs === b.modifiedNs && a.changedNs === b.changedNs;

/** A folder's images as a whole, for a resumed run to compare with. */
export interface Fingerprints {
  /** Of paths and contents. */
  readonly fingerprint: string;
  /** As version 0.1 computed it and its checkpoints hold it: of paths and sizes alone. */
  readonly earlierFingerprint: string;
}

/** What a content is told by. */
export const digestOf = (content: Uint8Array): FileDigest => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

/** @param files in the order of the data set, paths relative to its folder */
export function fingerprintsOf(files: Iterable<readonly [path: string, digest: FileDigest]>): Fingerprints {
  const contents = createHash('sha256');
  const sizes = createHash('sha256');
  for (const [path, { bytes, sha256 }] of files) {
    contents.update(`${path}\n${sha256}\n`);
    sizes.update(`${path}\n${bytes}\n`);
  }
  return { fingerprint: contents.digest('hex'), earlierFingerprint: sizes.digest('hex') };
}

/** The fingerprint of images whose labels lie in a file of their own, which may change without them. */
export const withLabels = (fingerprint: string, { kind, names, values }: Labels): string =>
  createHash('sha256')
    .update(JSON.stringify([fingerprint, kind, names]))
    .update(values)
    .digest('hex');
