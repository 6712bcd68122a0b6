import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../errors.ts';
import { readRegularFile } from '../files.ts';

/** An array of unsigned bytes as the IDX format stores it. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const unzip = promisify(gunzip);

async function readPlain(path: string): Promise<Uint8Array> {
  const bytes = await readRegularFile(path).catch((cause: Error) => {
    throw new DataError('data_unreadable', `${path}: cannot be read: ${cause.message}`, { cause });
  });
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return unzip(bytes).catch((cause: Error) => {
    throw new DataError(
      'idx_gzip',
      `${path}: the gzip file is damaged or cut short (${cause.message}); fetch it again`,
      {
        cause,
      },
    );
  });
}

/** Reads an IDX file of unsigned bytes, gzipped or not: two zero bytes, the type 0x08, the number of dimensions, each
 *  dimension as a big-endian uint32, then the data.
 *  @throws DataError data_unreadable, idx_gzip, idx_magic (not IDX, other element type or number of dimensions),
 *  idx_length (cut short, or more bytes than the header promises). */
export async function readIdx(path: string, dimensions: number): Promise<IdxArray> {
  const name = basename(path);
  const bytes = await readPlain(path);
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const expected = Buffer.from([0, 0, UNSIGNED_BYTE, dimensions]).toString('hex');
  if (magic !== expected) {
    throw new DataError(
      'idx_magic',
      `${name}: an IDX file of bytes with ${dimensions} dimensions begins with ${expected}, but ${path} begins with ${magic || 'nothing'}`,
    );
  }
  const header = 4 + 4 * dimensions;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthError = (needed: string) =>
    new DataError(
      'idx_length',
      `${name}: expected ${needed} bytes, but ${path} has ${bytes.length}; it was cut short or altered, so fetch it again`,
    );
  if (bytes.length < header) throw lengthError(`at least ${header}`);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const total = header + shape.reduce((product, side) => product * side, 1);
  if (bytes.length !== total) throw lengthError(`${total} (header ${header} and ${shape.join(' x ')})`);
  return { shape, data: bytes.subarray(header) };
}
