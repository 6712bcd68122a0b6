import type { FileHandle } from 'node:fs/promises';
import { openRegularFile } from '../../files.ts';
import { errno } from '../../storage.ts';

/** What is done with a file's lines as they are found. */
export interface LineReader {
  line(text: string): void;
  /** The file is another than before: all lines come again from the first. */
  restart(): void;
}

const CHUNK_BYTES = 2 ** 18;
/** Bytes before the place that was read up to, by which a file that was rewritten in place is known. */
const MARK_BYTES = 64;
const LINE_FEED = 10;

/** A file that grows by whole lines. Each call of `read` reads only the bytes that were added since the one before; a last line without
 *  its end is left for later. A file that was replaced, cut or rewritten is read anew. */
export class AppendedLines {
  private readonly path: string;
  private file = '';
  private offset = 0;
  private mark = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** Reads what is new; a file that is not there has no lines. @throws the file system's own error, IrregularFileError */
  async read(reader: LineReader): Promise<void> {
    const handle = await openIfThere(this.path);
    if (!handle) return this.forget(reader);
    try {
      const { dev, ino, size } = await handle.stat();
      if (`${dev}:${ino}` !== this.file || size < this.offset || !(await this.isContinued(handle))) this.forget(reader);
      this.file = `${dev}:${ino}`;
      await this.readFrom(handle, reader);
    } finally {
      await handle.close();
    }
  }

  /** Lets the next call read from the first line. */
  rewind(): void {
    this.file = '';
    this.offset = 0;
    this.mark = Buffer.alloc(0);
  }

  private forget(reader: LineReader): void {
    if (this.offset > 0) reader.restart();
    this.rewind();
  }

  private async isContinued(handle: FileHandle): Promise<boolean> {
    const { length } = this.mark;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, this.offset - length);
    return buffer.subarray(0, bytesRead).equals(this.mark);
  }

  private async readFrom(handle: FileHandle, reader: LineReader): Promise<void> {
    let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.offset);
      const end = chunk.subarray(0, bytesRead).lastIndexOf(LINE_FEED) + 1;
      if (end > 0) {
        for (const line of chunk.toString('utf8', 0, end - 1).split('\n')) reader.line(line);
        this.mark = Buffer.from(chunk.subarray(Math.max(0, end - MARK_BYTES), end));
        this.offset += end;
      } else if (bytesRead === chunk.length) chunk = Buffer.allocUnsafe(2 * chunk.length);
      else return;
    }
  }
}

/** The last whole lines of a file within its last `bytes`; none if it is not there. @throws the file system's own error */
export async function tailLines(path: string, bytes: number): Promise<string[]> {
  const handle = await openIfThere(path);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    // The first line may have been cut, and what stands behind the last end of a line is not whole yet.
    return text.split('\n').slice(start === 0 ? 0 : 1, -1);
  } finally {
    await handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
