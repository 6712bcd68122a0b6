import { totalmem } from 'node:os';
import { IrregularFileError, openRegularFile } from '../files.ts';
import { type DecodeOptions, decodeImage } from './decode.ts';
import { digestOf, type FileDigest, type FileStamp, isSameStamp, stampOf } from './fingerprint.ts';
import { MemoryBudget } from './memory_budget.ts';

const GIB = 2 ** 30;

/** Files that are in memory while they are decoded. */
const inFlight = new MemoryBudget(Math.min(GIB, totalmem() / 4));

/** An image that was read from a file. */
export interface DecodedFile {
  /** Of the file as it was read; undefined if it changed meanwhile. */
  readonly stamp: FileStamp | undefined;
  /** uint8 [H,W,C]. */
  readonly pixels: Uint8Array;
  /** Of the file. */
  readonly digest: FileDigest;
}

/** Decodes the image in a regular file; see decodeImage. What all calls hold in memory together is bounded.
 *  @throws Error, in one line that does not name the file. */
export async function decodeFile(location: Buffer, options: DecodeOptions): Promise<DecodedFile> {
  const file = await openRegularFile(location).catch((cause: Error) => {
    throw new Error(reasonOf(cause), { cause });
  });
  try {
    const before = stampOf(await file.stat({ bigint: true }));
    return await inFlight.run(before.bytes, async () => {
      const content = await file.readFile().catch((cause: Error) => {
        throw new Error(reasonOf(cause), { cause });
      });
      const stamp = isSameStamp(before, stampOf(await file.stat({ bigint: true }))) ? before : undefined;
      return { stamp, pixels: await decodeImage(content, options), digest: digestOf(content) };
    });
  } finally {
    await file.close();
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there, or is a link to what is not there',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  ELOOP: 'it is a link to itself',
  ERR_FS_FILE_TOO_LARGE: 'it has more than 2 GiB',
};

function reasonOf(error: Error): string {
  if (error instanceof IrregularFileError) return `${error.kind}, not a regular file`;
  const { code } = error as NodeJS.ErrnoException;
  return CAUSES[code ?? ''] ?? `it cannot be read (${code ?? error.message})`;
}
