import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** Something other than a regular file has the name of one: a named pipe would be waited for without end, a device such as
 *  /dev/zero read without end. Whoever asked for the file says so with its own class of error. */
export class IrregularFileError extends Error {
  /** What it is, such as `a named pipe`. */
  readonly kind: string;

  constructor(path: string | Buffer, kind: string) {
    super(`${path} is ${kind}, where a regular file is expected`);
    this.name = new.target.name;
    this.kind = kind;
  }
}

// A named pipe is opened without waiting for its other end; on a regular file the flag has no effect. Windows does not have it.
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;
// What is written under a name must not end elsewhere, as by a link in a folder that somebody else made. Windows does not have it either.
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** How a file is opened: to read it, to write it anew, to write it where none was, or to write behind its end. */
export type OpenMode = 'read' | 'write' | 'create' | 'append';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_LINK,
  create: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_LINK,
};

/** Errnos of what is no regular file. */
const REFUSED: ReadonlySet<string> = new Set(['EISDIR', 'ENXIO', 'ELOOP']);

/** Opens a regular file; to read it, a link is followed. The path may be bytes, for names that are not UTF-8.
 *  @throws IrregularFileError for a folder, a named pipe, a socket, a device, or a link that would be written through; the file system's own
 *  error otherwise */
export async function openRegularFile(path: string | Buffer, mode: OpenMode = 'read'): Promise<FileHandle> {
  const handle = await open(path, FLAGS[mode] | WITHOUT_WAITING).catch(async (error: NodeJS.ErrnoException) => {
    // Some the system refuses by itself: folders and links to whoever would write, sockets and unread pipes to everybody.
    if (REFUSED.has(error.code ?? '')) expectRegular(path, await (mode === 'read' ? stat : lstat)(path));
    throw error;
  });
  try {
    expectRegular(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The whole content of a regular file. @throws as {@link openRegularFile} */
export async function readRegularFile(path: string | Buffer): Promise<Buffer> {
  const handle = await openRegularFile(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The same at once, for what a command reads before anything runs. @throws as {@link openRegularFile} */
export function readRegularFileSync(path: string): Buffer {
  const descriptor = openSync(path, FLAGS.read | WITHOUT_WAITING);
  try {
    expectRegular(path, fstatSync(descriptor));
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder and those above it that are missing; answers whether it had to be made. It fails with the errno of what stands in
 *  the way, where mkdir's own `recursive` answers ENOENT on a read-only file system. */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    return makeOne(path);
  }
}

async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

/** gannet's folder in the system's place for what can be made again: `XDG_CACHE_HOME` (an absolute path) wherever it is set, else `~/.cache`,
 *  `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows. @throws Error where there is no home */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  if (chosen && isAbsolute(chosen)) return join(chosen, 'gannet');
  if (platform === 'win32' && local) return join(local, 'gannet');
  return join(homedir(), platform === 'darwin' ? 'Library/Caches' : '.cache', 'gannet');
}

/** JSON as people's editors leave it: a byte order mark at its beginning is no part of it. @throws SyntaxError */
export const parseJson = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

/** What a path leads to; undefined if that is nothing, or cannot be told. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function expectRegular(path: string | Buffer, found: Stats): void {
  if (!found.isFile()) throw new IrregularFileError(path, kindOf(found));
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a link';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}
