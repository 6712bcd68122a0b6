import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CheckpointError, type ErrorCode, GannetError } from '../../errors.ts';

/** Anything that JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const REMEDIES: Readonly<Record<string, readonly [code: ErrorCode<'CheckpointError'>, remedy: string]>> = {
  ENOSPC: ['disk_full', 'The disk is full: free some space, or choose a folder on another disk with --out.'],
  EDQUOT: ['disk_full', 'Your disk quota is used up: free some space, or choose a folder on another disk with --out.'],
  EACCES: ['not_writable', 'Permission was denied: make the folder writable, or choose another with --out.'],
  EPERM: ['not_writable', 'The operation is not permitted: make the folder writable, or choose another with --out.'],
  EROFS: [
    'not_writable',
    'The file system is read-only: remount it writable, or choose a folder elsewhere with --out.',
  ],
};

/** The errno of a failed file operation, such as `ENOENT`; undefined for any other error. */
export const errno = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;

/** What to throw when an operation on `path` failed: a CheckpointError that names the path and the remedy if the disk or its
 *  permissions are to blame (`disk_full`, `not_writable`, otherwise `storage_failed`), any other error as it is.
 *  @param action what was being done, such as `save checkpoint` */
export function storageError(error: unknown, action: string, path: string): unknown {
  const failure = errno(error);
  if (error instanceof GannetError || failure === undefined) return error;
  const [code, remedy] = REMEDIES[failure] ?? ['storage_failed', 'Check the disk and the path, then try again.'];
  return new CheckpointError(code, `Could not ${action} ${path} (${failure}). ${remedy}`, { cause: error });
}

/** Makes renames and new names in a folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: after a kill or a loss of power it holds the old content or the new, never a mixture.
 *  @throws the file system's own error, with nothing left behind; see {@link storageError} */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
