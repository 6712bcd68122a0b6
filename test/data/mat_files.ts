import { deflateSync } from 'node:zlib';

/** How a MATLAB file of version 5 is written. */
interface MatOptions {
  readonly compressed?: boolean;
  readonly littleEndian?: boolean;
}

const INT8 = 1;
const INT32 = 5;
const UINT32 = 6;
const MATRIX = 14;
const COMPRESSED = 15;
const UINT16 = 4;

/** The bytes of a MATLAB file with these rows of whole numbers up to 65,535, as arrays of doubles that are stored as uint16. */
export function matFile(arrays: Record<string, readonly number[]>, options: MatOptions = {}): Buffer {
  const { compressed = false, littleEndian = true } = options;
  const write = new ElementWriter(littleEndian);
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.write(littleEndian ? '\x00\x01IM' : '\x01\x00MI', 124, 'latin1');
  const variables = Object.entries(arrays).map(([name, values]) => {
    const matrix = write.element(MATRIX, write.array(name, values));
    return compressed ? write.header(COMPRESSED, deflateSync(matrix)) : matrix;
  });
  return Buffer.concat([header, ...variables]);
}

class ElementWriter {
  private readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  array(name: string, values: readonly number[]): Buffer {
    const doubles = 6;
    return Buffer.concat([
      this.element(UINT32, Buffer.concat([this.words([doubles]), Buffer.alloc(4)])),
      this.element(INT32, this.words([1, values.length])),
      this.element(INT8, Buffer.from(name)),
      this.element(UINT16, this.halves(values)),
    ]);
  }

  /** Type, length and bytes, filled up to a multiple of eight. */
  element(type: number, bytes: Buffer): Buffer {
    return Buffer.concat([this.header(type, bytes), Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  }

  header(type: number, bytes: Buffer): Buffer {
    return Buffer.concat([this.words([type, bytes.length]), bytes]);
  }

  private words(values: readonly number[]): Buffer {
    const bytes = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) {
      if (this.littleEndian) bytes.writeUInt32LE(value, 4 * i);
      else bytes.writeUInt32BE(value, 4 * i);
    }
    return bytes;
  }

  private halves(values: readonly number[]): Buffer {
    const bytes = Buffer.alloc(2 * values.length);
    for (const [i, value] of values.entries()) {
      if (this.littleEndian) bytes.writeUInt16LE(value, 2 * i);
      else bytes.writeUInt16BE(value, 2 * i);
    }
    return bytes;
  }
}

/** What SciPy 1.10's savemat writes of labels = uint8 [[77, 77, 3, 102]], weights = [[0.5, -1.25], [3, 4]], a text and cells. */
export const SCIPY_FILE = Buffer.from(
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFNhdCBOb3YgMjggMTA6MTU6NDEgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAOAAAAAYAAAAIAAAACQAAAAAAAAAFAAAACAAAAAEAAAAEAAAAAQAAAAYAAABsYWJlbHMAAAIABABNTQNmDgAAAFgAAAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAACAAAAAgAAAAEAAAAHAAAAd2VpZ2h0cwAJAAAAIAAAAAAAAAAAAOA/AAAAAAAACEAAAAAAAAD0vwAAAAAAABBADgAAADAAAAAGAAAACAAAAAQAAAAAAAAABQAAAAgAAAABAAAABAAAAAEABABub3RlEAAEAHRleHQOAAAAqAAAAAYAAAAIAAAAAQAAAAAAAAAFAAAACAAAAAEAAAACAAAAAQAAAAUAAABjZWxscwAAAA4AAAAwAAAABgAAAAgAAAAEAAAAAAAAAAUAAAAIAAAAAQAAAAEAAAABAAAAAAAAABAAAQBhAAAADgAAADgAAAAGAAAACAAAAA4AAAAAAAAABQAAAAgAAAABAAAAAQAAAAEAAAAAAAAADAAAAAgAAAABAAAAAAAAAA==',
  'base64',
);

/** The same with do_compression. */
export const SCIPY_COMPRESSED_FILE = Buffer.from(
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFNhdCBOb3YgMjggMTA6MTU6NDEgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAALwAAAHic42NgYLAAYjYg5gBiTgYIYIXyGYGYBUqD1OQkJqXmFDMwMAFFfX2Z0wA8JAPzDwAAADsAAAB4nONjYGCIAGI2IOaA0iDACuUzQTEjELMDcXlqZnpGSTEDJ5CtwAADD+whNIcDhP6yH0ILOAAA8EAHIg8AAAAqAAAAeJzjY2BgMABiNiDmAGIWBghghfIZoWKMQDIvvyRVAEiXpFaUAAApVQP3DwAAAEAAAAB4nONjYGBYAcRsQMwBxIwMEMCKxGeC0iCx5NScnGIgzQfEBkj6WLDoY0QyTwDISoTqs0DSx0dAHw+auwD4SARI',
  'base64',
);
