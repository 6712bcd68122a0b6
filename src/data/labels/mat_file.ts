import { inflateSync } from 'node:zlib';
import { DataError } from '../../errors.ts';

/** A numeric array of a MATLAB file, its values in MATLAB's order: the first dimension varies fastest. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

const HEADER_BYTES = 128;
const MATRIX = 14;
const COMPRESSED = 15;
/** Classes of arrays that hold numbers: double, single, and the integers. */
const isNumeric = (arrayClass: number): boolean => arrayClass >= 6 && arrayClass <= 15;
/** A file of labels has some kilobytes; what unpacks to more than this is none. */
const MOST_BYTES = 2 ** 28;

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

/** The types of stored numbers: their bytes, and how one is read. An array of doubles may be stored in any of them that fits. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: Read]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

/** The numeric arrays of a MATLAB file of version 5 to 7, by name; other variables are left out.
 *  @param source its name, for messages
 *  @throws DataError mat_file if it is damaged, cut short, or of another version. @see MATLAB's "MAT-File Format" */
export function readMatFile(source: string, content: Uint8Array): ReadonlyMap<string, MatArray> {
  const isLittleEndian = byteOrder(source, content);
  const arrays = new Map<string, MatArray>();
  try {
    for (const element of elementsOf(content.subarray(HEADER_BYTES), isLittleEndian)) {
      const named = readVariable(element, isLittleEndian);
      if (named) arrays.set(...named);
    }
  } catch (cause) {
    throw damaged(source, `is damaged or cut short (${(cause as Error).message}); fetch it again`, cause);
  }
  return arrays;
}

const damaged = (source: string, problem: string, cause?: unknown): DataError =>
  new DataError('mat_file', `${source}: ${problem}`, { cause });

/** Whether the numbers are little-endian, as the header says. */
function byteOrder(source: string, content: Uint8Array): boolean {
  const text = Buffer.from(content.subarray(0, HEADER_BYTES)).toString('latin1');
  const order = text.slice(126, 128);
  if (text.startsWith('MATLAB 7.3') || text.startsWith('\x89HDF')) {
    throw damaged(source, 'is of version 7.3, which cannot be read; save it in MATLAB with -v7');
  }
  if (order === 'IM') return true;
  if (order === 'MI') return false;
  throw damaged(source, 'expected a MATLAB file of version 5 to 7, but it does not begin like one');
}

/** A piece of a file: what it holds, and its bytes. */
interface Element {
  readonly type: number;
  readonly bytes: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The elements that lie one behind the other: a type and a length, then the bytes, filled up to a multiple of eight; up to four bytes may
 *  share a word with their type and length. */
function* elementsOf(bytes: Uint8Array, littleEndian: boolean): Generator<Element> {
  const view = viewOf(bytes);
  let at = 0;
  while (at < bytes.length) {
    const word = view.getUint32(at, littleEndian);
    const [type, small] = [word & 0xffff, word >>> 16];
    const length = small > 0 ? small : view.getUint32(at + 4, littleEndian);
    const begin = at + (small > 0 ? 4 : 8);
    if (begin + length > bytes.length)
      throw new Error(`${length} bytes are promised, ${bytes.length - begin} are left`);
    yield { type, bytes: bytes.subarray(begin, begin + length) };
    const end = begin + length;
    at = type === COMPRESSED ? end : Math.ceil(end / 8) * 8;
  }
}

function readVariable({ type, bytes }: Element, littleEndian: boolean): [name: string, array: MatArray] | undefined {
  if (type === COMPRESSED) {
    const [inner] = elementsOf(inflateSync(bytes, { maxOutputLength: MOST_BYTES }), littleEndian);
    return inner && readVariable(inner, littleEndian);
  }
  if (type !== MATRIX) return undefined;
  const [flags, dimensions, name, real] = elementsOf(bytes, littleEndian);
  if (!flags || !dimensions || !name) throw new Error('an array lacks its name or shape');
  const arrayClass = viewOf(flags.bytes).getUint32(0, littleEndian) & 0xff;
  if (!isNumeric(arrayClass)) return undefined;
  const shape = [...readNumbers(dimensions, littleEndian)];
  const values = real ? readNumbers(real, littleEndian) : new Float64Array(0);
  const expected = shape.reduce((product, side) => product * side, 1);
  if (values.length !== expected) throw new Error(`${values.length} numbers, where ${shape.join('x')} are promised`);
  return [Buffer.from(name.bytes).toString('latin1'), { shape, values }];
}

function readNumbers({ type, bytes }: Element, littleEndian: boolean): Float64Array {
  const number = NUMBERS[type];
  if (!number) throw new Error(`numbers of the unknown type ${type}`);
  const [size, read] = number;
  const view = viewOf(bytes);
  return Float64Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, i * size, littleEndian));
}
