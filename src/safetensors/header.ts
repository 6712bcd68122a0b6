import { CheckpointError } from '../errors.ts';
import { BYTES_PER_ELEMENT, type DType, elements, type Shape } from '../tensor/shape.ts';

/** Where one tensor lies in a safetensors file; `begin` and `end` count bytes from the start of the data. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/** What a file says besides the numbers. */
export interface Header {
  /** By name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longer headers are refused, as the format's own library does. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of the header's length, a 64-bit little-endian integer, at the start of the file. */
export const LENGTH_BYTES = 8;

const METADATA_KEY = '__metadata__';
const FORMAT_NAMES: Readonly<Record<DType, string>> = { float32: 'F32', int32: 'I32' };
const DTYPES: ReadonlyMap<unknown, DType> = new Map([
  ['F32', 'float32'],
  ['I32', 'int32'],
]);

/** Lays tensors out one after the other in the order of their names.
 *  @throws CheckpointError `safetensors_name` if two share a name or one has the name kept for the metadata */
export function layOut(tensors: readonly Omit<TensorInfo, 'begin' | 'end'>[]): TensorInfo[] {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  let end = 0;
  return sorted.map(({ name, dtype, shape }, i) => {
    if (name === METADATA_KEY || name === sorted[i - 1]?.name)
      throw new CheckpointError(
        'safetensors_name',
        `Tensor names must be unique and not ${METADATA_KEY}, received '${name}' twice or reserved.`,
      );
    const begin = end;
    end += elements(shape) * BYTES_PER_ELEMENT;
    return { name, dtype, shape, begin, end };
  });
}

/** The first bytes of a file: length and header, filled up with spaces so that the data starts at a multiple of eight. */
export function encodeHeader({ tensors, metadata }: Header): Uint8Array {
  const entries = [...tensors.values()].map(({ name, dtype, shape, begin, end }) => [
    name,
    { dtype: FORMAT_NAMES[dtype], shape, data_offsets: [begin, end] },
  ]);
  const json = Buffer.from(JSON.stringify(Object.fromEntries([[METADATA_KEY, metadata], ...entries])));
  const result = Buffer.alloc(LENGTH_BYTES + Math.ceil(json.length / 8) * 8, ' ');
  result.writeBigUInt64LE(BigInt(result.length - LENGTH_BYTES));
  result.set(json, LENGTH_BYTES);
  return result;
}

/** Reads a header and checks it against the `dataBytes` that follow it in `path`: the tensors must cover them exactly, in
 *  order, without gap or overlap.
 *  @throws CheckpointError `safetensors_header`, `safetensors_dtype`, `safetensors_offsets` or `safetensors_truncated` */
export function decodeHeader(json: Uint8Array, dataBytes: number, path: string): Header {
  const { [METADATA_KEY]: metadata = {}, ...entries } = parseObject(json, path);
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw new CheckpointError('safetensors_header', `${path}: expected metadata of names and strings.`);
  const tensors = Object.entries(entries).map(([name, entry]) => decodeEntry(name, entry, path));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(tensors, dataBytes, path);
  return {
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    metadata: metadata as Record<string, string>,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseObject(json: Uint8Array, path: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw new CheckpointError('safetensors_header', `${path}: the header is not JSON; this is no safetensors file.`, {
      cause,
    });
  }
  if (isRecord(header)) return header;
  throw new CheckpointError('safetensors_header', `${path}: the header must be a JSON object.`);
}

function decodeEntry(name: string, entry: unknown, path: string): TensorInfo {
  const where = `${path}: tensor '${name}'`;
  if (!isRecord(entry)) throw new CheckpointError('safetensors_header', `${where} must be described by a JSON object.`);
  const { dtype: formatName, shape, data_offsets: offsets } = entry;
  const dtype = DTYPES.get(formatName);
  if (!dtype)
    throw new CheckpointError(
      'safetensors_dtype',
      `${where}: expected type F32 or I32, received ${JSON.stringify(formatName)}.`,
    );
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw new CheckpointError('safetensors_header', `${where}: ${JSON.stringify(shape)} is no shape.`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw new CheckpointError('safetensors_header', `${where}: ${JSON.stringify(offsets)} are no offsets.`);
  const [begin, end] = offsets as [number, number];
  const expected = elements(shape) * BYTES_PER_ELEMENT;
  if (end - begin !== expected)
    throw new CheckpointError(
      'safetensors_offsets',
      `${where}: shape [${shape}] takes ${expected} bytes, its offsets span ${end - begin}.`,
    );
  return { name, dtype, shape, begin, end };
}

function checkCoverage(tensors: readonly TensorInfo[], dataBytes: number, path: string): void {
  let covered = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== covered)
      throw new CheckpointError(
        'safetensors_offsets',
        `${path}: tensor '${name}' must begin at byte ${covered} of the data, begins at ${begin}.`,
      );
    covered = end;
  }
  if (dataBytes < covered)
    throw new CheckpointError(
      'safetensors_truncated',
      `${path} is cut short: expected ${covered} bytes of data, found ${dataBytes}.`,
    );
  if (dataBytes > covered)
    throw new CheckpointError('safetensors_offsets', `${path}: ${dataBytes - covered} bytes belong to no tensor.`);
}
