import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openRegularFile } from './files.ts';

/** Anything that JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

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
 *  @throws the file system's own error, with nothing left behind if that can be removed; see `storageError` */
export const replaceFile = (path: string, content: string): Promise<void> =>
  replaceBy(path, async (temporary) => {
    const handle = await openRegularFile(temporary, 'write');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });

/** The same for content that is written piece by piece. @param write makes and syncs the file that it is given the name of */
export async function replaceBy<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${path}.tmp`;
  try {
    const written = await write(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return written;
  } catch (error) {
    // What is thrown is why it could not be written, whether or not the rest can be removed.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
