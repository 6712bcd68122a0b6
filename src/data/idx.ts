import { constants as buffer } from 'node:buffer';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { DataError } from '../errors.ts';
import { readRegularFile } from '../files.ts';

/** An array of unsigned bytes as the IDX format stores it. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const unzip = promisify(gunzip);

/** Reads an IDX file of unsigned bytes, gzipped or not: two zero bytes, the type 0x08, the number of dimensions, each
 *  dimension as a big-endian uint32, then the data.
 *  @throws DataError data_unreadable, idx_gzip, idx_magic (not IDX, other element type or number of dimensions),
 *  idx_length (cut short, or more bytes than the header promises). */
export async function readIdx(path: string, dimensions: number): Promise<IdxArray> {
  const file = await readRegularFile(path).catch((cause: Error) => {
    throw new DataError('data_unreadable', `${path}: cannot be read: ${cause.message}`, { cause });
  });
  const isZipped = file[0] === 0x1f && file[1] === 0x8b;
  const header = isZipped ? await unzipBeginning(file, path) : file;
  const shape = readShape(header, path, dimensions);
  const begin = headerBytes(dimensions);
  const total = begin + shape.reduce((product, side) => product * side, 1);
  const expected = `${total} (header ${begin} and ${shape.join(' x ')})`;
  const bytes = isZipped ? await unzipUpTo(total, file, path, expected) : file;
  if (bytes.length !== total) throw lengthError(path, expected, String(bytes.length));
  return { shape, data: bytes.subarray(begin) };
}

const headerBytes = (dimensions: number): number => 4 + 4 * dimensions;

function readShape(bytes: Uint8Array, path: string, dimensions: number): number[] {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const expected = Buffer.from([0, 0, UNSIGNED_BYTE, dimensions]).toString('hex');
  if (magic !== expected) {
    throw new DataError(
      'idx_magic',
      `${basename(path)}: an IDX file of bytes with ${dimensions} dimensions begins with ${expected}, but ${path} begins with ${magic || 'nothing'}`,
    );
  }
  const header = headerBytes(dimensions);
  if (bytes.length < header) throw lengthError(path, `at least ${header}`, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
}

const lengthError = (path: string, needed: string, found: string): DataError =>
  new DataError(
    'idx_length',
    `${basename(path)}: expected ${needed} bytes, but ${path} has ${found}; it was cut short or altered, so fetch it again`,
  );

/** Of a gzipped file, enough to hold any header. */
const BEGINNING = 1024;

/** What the first bytes of a gzipped file hold. A header is looked at before memory is given to what it promises. */
function unzipBeginning(file: Uint8Array, path: string): Promise<Uint8Array> {
  const isWhole = file.length <= BEGINNING;
  const options = isWhole ? {} : { finishFlush: constants.Z_SYNC_FLUSH };
  return unzip(file.subarray(0, BEGINNING), options).catch((cause: Error) => {
    throw zipError(path, cause);
  });
}

function unzipUpTo(total: number, file: Uint8Array, path: string, expected: string): Promise<Uint8Array> {
  return unzip(file, { maxOutputLength: Math.min(total, buffer.MAX_LENGTH) }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE') throw lengthError(path, expected, 'more');
    throw zipError(path, cause);
  });
}

const zipError = (path: string, cause: Error): DataError =>
  new DataError('idx_gzip', `${path}: the gzip file is damaged or cut short (${cause.message}); fetch it again`, {
    cause,
  });
