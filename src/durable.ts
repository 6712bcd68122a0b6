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
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await openRegularFile(temporary, 'write');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // What is thrown is why it could not be written, whether or not the rest can be removed.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}
