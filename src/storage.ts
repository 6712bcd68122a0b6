import { CheckpointError, type ErrorCode, GannetError } from './errors.ts';
import { IrregularFileError } from './files.ts';

type Remedy = readonly [code: ErrorCode<'CheckpointError'>, remedy: (elsewhere: string) => string];

const REMEDIES: Readonly<Record<string, Remedy>> = {
  ENOSPC: ['disk_full', (elsewhere) => `The disk is full: free some space, or ${elsewhere}.`],
  EDQUOT: ['disk_full', (elsewhere) => `Your disk quota is used up: free some space, or ${elsewhere}.`],
  EACCES: ['not_writable', (elsewhere) => `Permission was denied: change the permissions, or ${elsewhere}.`],
  EPERM: ['not_writable', (elsewhere) => `The operation is not permitted: change the permissions, or ${elsewhere}.`],
  EROFS: ['not_writable', (elsewhere) => `The file system is read-only: remount it writable, or ${elsewhere}.`],
};

/** The errno of a failed file operation, such as `ENOENT`; undefined for any other error. */
export const errno = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;

/** What to throw when an operation on `path` failed: a CheckpointError that names the path and the remedy if the disk, its
 *  permissions or something else of that name are to blame (`disk_full`, `not_writable`, `not_a_file`, otherwise
 *  `storage_failed`), any other error as it is.
 *  @param action what was being done, such as `save checkpoint`
 *  @param elsewhere how to use another place, such as `choose a folder on another disk with --out` */
export function storageError(
  error: unknown,
  action: string,
  path: string,
  elsewhere = "move the run's folder to another disk",
): unknown {
  if (error instanceof IrregularFileError)
    return new CheckpointError('not_a_file', `Could not ${action} ${path}: ${error.message}. Move that away.`, {
      cause: error,
    });
  const failure = errno(error);
  if (error instanceof GannetError || failure === undefined) return error;
  const { code } = remedyOf(failure, elsewhere);
  return new CheckpointError(code, `Could not ${action} ${path} ${describeFailure(error, elsewhere)}`, {
    cause: error,
  });
}

/** What failed and what to do, to stand behind what could not be done: `(ENOSPC). The disk is full: free some space, or ...` */
export function describeFailure(error: unknown, elsewhere: string): string {
  const failure = errno(error);
  if (failure === undefined) return `(${(error as Error).message}).`;
  return `(${failure}). ${remedyOf(failure, elsewhere).remedy}`;
}

function remedyOf(failure: string, elsewhere: string): { code: ErrorCode<'CheckpointError'>; remedy: string } {
  const known = REMEDIES[failure];
  if (!known) return { code: 'storage_failed', remedy: 'Check the disk and the path, then try again.' };
  return { code: known[0], remedy: known[1](elsewhere) };
}
