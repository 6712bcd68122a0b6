import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../errors.ts';
import { openRegularFile } from '../files.ts';
import { type DType, elements, formatShape, type Shape } from '../tensor/shape.ts';
import {
  decodeHeader,
  encodeHeader,
  type Header,
  LENGTH_BYTES,
  layOut,
  MAX_HEADER_BYTES,
  type TensorInfo,
} from './header.ts';

/** The elements of a tensor, row-major. */
export type TensorData = Float32Array | Int32Array;

/** A tensor to write. With a function as `data`, the elements are fetched when their turn comes, so that a large network
 *  is never in memory as a whole. */
export interface TensorSource {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData | (() => Promise<TensorData>);
}

/** What identifies a file's content. SHA-256 costs 0.3 s for the 440 MB of a DCGAN and its optimiser, less than writing them. */
export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal, as `sha256sum` prints it. */
  readonly sha256: string;
}

const CHUNK_BYTES = 1 << 20;

/** Writes tensors to a new file in the safetensors format and syncs it. Numbers are stored as they lie in memory: filters
 *  stay [K,R,S,C]. The format is little-endian, and so is every processor that gannet runs on.
 *  @throws CheckpointError `safetensors_name`, or `safetensors_data` if data does not have its tensor's type and size
 *  @see https://huggingface.co/docs/safetensors */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<FileDigest> {
  const sources = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const layout = layOut(tensors);
  const handle = await open(path, 'wx');
  try {
    const writer = new DigestingWriter(handle);
    await writer.write(encodeHeader({ tensors: new Map(layout.map((info) => [info.name, info])), metadata }));
    for (const info of layout) await writer.write(await fetchData(info, sources.get(info.name) as TensorSource));
    await handle.sync();
    return writer.digest();
  } finally {
    await handle.close();
  }
}

async function fetchData({ name, dtype, shape }: TensorInfo, { data }: TensorSource): Promise<Uint8Array> {
  const array = typeof data === 'function' ? await data() : data;
  const received: DType = array instanceof Float32Array ? 'float32' : 'int32';
  if (received !== dtype || array.length !== elements(shape))
    throw new CheckpointError(
      'safetensors_data',
      `Tensor '${name}' expects ${elements(shape)} values of ${dtype} for shape ${formatShape(shape)}, received ${array.length} of ${received}.`,
    );
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Writes bytes in chunks, hashing each on this thread while the file system takes it on another. */
class DigestingWriter {
  private readonly handle: FileHandle;
  private readonly hash: Hash = createHash('sha256');
  private bytes = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES);
      const written = this.handle.writeFile(chunk);
      this.hash.update(chunk);
      await written;
    }
    this.bytes += bytes.length;
  }

  digest(): FileDigest {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

/** The digest of a file as it is on disk. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await openRegularFile(path);
  for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** A safetensors file whose header has been read and checked; tensors are read one at a time, when asked for. */
export class SafetensorsFile implements Header {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  private readonly dataOffset: number;

  private constructor(path: string, header: Header, dataOffset: number) {
    this.path = path;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.dataOffset = dataOffset;
  }

  /** @throws CheckpointError `safetensors_truncated`, `safetensors_header`, `safetensors_dtype` or `safetensors_offsets` */
  static async open(path: string): Promise<SafetensorsFile> {
    return withFile(path, async (handle) => {
      const { size } = await handle.stat();
      const headerBytes = await readHeaderLength(handle, size, path);
      const header = decodeHeader(
        await readExactly(handle, LENGTH_BYTES, headerBytes, path),
        size - LENGTH_BYTES - headerBytes,
        path,
      );
      return new SafetensorsFile(path, header, LENGTH_BYTES + headerBytes);
    });
  }

  /** One tensor's elements, row-major. @throws CheckpointError `safetensors_missing`, `safetensors_truncated` */
  async read(name: string): Promise<TensorData> {
    const info = this.tensors.get(name);
    if (!info) throw new CheckpointError('safetensors_missing', `${this.path} holds no tensor '${name}'.`);
    const bytes = await withFile(this.path, (handle) =>
      readExactly(handle, this.dataOffset + info.begin, info.end - info.begin, this.path),
    );
    return info.dtype === 'float32' ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer);
  }
}

async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openRegularFile(path);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function readHeaderLength(handle: FileHandle, size: number, path: string): Promise<number> {
  const bytes = await readExactly(handle, 0, LENGTH_BYTES, path);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES)
    throw new CheckpointError(
      'safetensors_header',
      `${path}: a header of ${length} bytes is longer than ${MAX_HEADER_BYTES}; this is no safetensors file.`,
    );
  if (LENGTH_BYTES + length > size)
    throw new CheckpointError(
      'safetensors_truncated',
      `${path} is cut short: expected a header of ${length} bytes, the file has ${size}.`,
    );
  return length;
}

async function readExactly(
  handle: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(length - filled, 1 << 30), position + filled);
    if (bytesRead === 0)
      throw new CheckpointError(
        'safetensors_truncated',
        `${path} is cut short: expected ${length} bytes at byte ${position}, found ${filled}.`,
      );
    filled += bytesRead;
  }
  return bytes;
}
