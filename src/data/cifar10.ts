import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { readRegularFile } from '../files.ts';
import type { Dataset, Split } from './dataset.ts';
import { openPacked, type PackedOptions } from './packed.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const IMAGE = PLANE * 3;
const RECORD = 1 + IMAGE;

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** The folder that the archive of the binary version unpacks to. */
const ARCHIVE_FOLDER = 'cifar-10-batches-bin';

const FILES: Record<Split, readonly string[]> = {
  train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
  test: ['test_batch.bin'],
};

/** The folder that holds CIFAR-10's binary files: `directory` itself or the archive's folder inside it. */
export const findCifar10 = (directory: string): string | undefined =>
  [directory, join(directory, ARCHIVE_FOLDER)].find((folder) => existsSync(join(folder, 'data_batch_1.bin')));

async function readBatch(path: string): Promise<Uint8Array> {
  const bytes = await readRegularFile(path).catch((cause: Error) => {
    throw new DataError('cifar10_missing', `cifar10: expected ${path}, but it cannot be read: ${cause.message}`, {
      cause,
    });
  });
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new DataError(
      'cifar10_length',
      `${path}: expected records of ${RECORD} bytes, but ${bytes.length} bytes are not a whole number of them; it was cut short, or is not CIFAR-10's binary version`,
    );
  }
  return bytes;
}

/** One record (label, then a plane each of red, green and blue) -> its label and, at `offset`, its pixels [32,32,3]. */
function unpackRecord(record: Uint8Array, pixels: Uint8Array, offset: number): number {
  for (let i = 0; i < PLANE; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[offset + i * 3 + channel] = record[1 + channel * PLANE + i] as number;
    }
  }
  return record[0] as number;
}

/** CIFAR-10 in its binary version: 50,000 training (five files) and 10,000 test pictures, 32x32 RGB.
 *  @throws DataError cifar10_missing, cifar10_length, cifar10_label. */
export async function openCifar10(directory: string, options: PackedOptions = {}): Promise<Dataset> {
  const folder = findCifar10(directory) ?? directory;
  const paths = FILES[options.split ?? 'train'].map((name) => join(folder, name));
  const batches: Uint8Array[] = [];
  for (const path of paths) batches.push(await readBatch(path));
  const count = batches.reduce((total, bytes) => total + bytes.length / RECORD, 0);
  const pixels = new Uint8Array(count * IMAGE);
  const values = new Int32Array(count);
  let image = 0;
  for (const [file, bytes] of batches.entries()) {
    for (let at = 0; at < bytes.length; at += RECORD, image++) {
      const label = unpackRecord(bytes.subarray(at, at + RECORD), pixels, image * IMAGE);
      if (label >= CLASSES.length) {
        throw new DataError(
          'cifar10_label',
          `${paths[file]}: record ${at / RECORD} has class ${label}, but there are 0 to 9; it is not CIFAR-10's binary version`,
        );
      }
      values[image] = label;
    }
  }
  const packed = { count, size: [SIDE, SIDE] as const, channels: 3 as const, pixels };
  return openPacked('cifar10', packed, { kind: 'classes', names: CLASSES, values }, { ...options, onBlack: false });
}
