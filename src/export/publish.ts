import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { replaceBy, syncFolder } from '../durable.ts';
import { ConfigError } from '../errors.ts';
import { makeFolder, openRegularFile, statOf } from '../files.ts';
import { storageError } from '../storage.ts';

/** Writes a whole file and syncs it. */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await openRegularFile(path, 'write');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a file by another name and gives it its own when `write` has ended, so that no file of this name was ever written in part, or failed
 *  its check. Folders above it are made. @throws CheckpointError disk_full, not_writable, not_a_file, storage_failed; what `write` throws */
export const publishFile = <T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> =>
  storing(path, async () => {
    await makeFolder(dirname(path));
    return replaceBy(path, write);
  });

/** The same for a folder of files, which takes the place of an earlier one.
 *  @param files the names that such a folder may hold
 *  @throws also ConfigError export_exists if there is a folder with anything else in it */
export const publishFolder = <T>(
  path: string,
  files: readonly string[],
  write: (temporary: string) => Promise<T>,
): Promise<T> =>
  storing(path, async () => {
    await expectOwnFolder(path, files);
    const parent = dirname(path);
    await makeFolder(parent);
    const [temporary, replaced] = ['saving', 'replaced'].map((state) =>
      join(parent, `.${state}-${basename(path)}`),
    ) as [string, string];
    try {
      // Left over where an earlier export was stopped; if that was between the two renames, the one before it has no name.
      await removeFolder(temporary);
      if (statOf(replaced) && !statOf(path)) await rename(replaced, path);
      await removeFolder(replaced);
      await mkdir(temporary);
      const written = await write(temporary);
      await syncFolder(temporary);
      await exchange(path, temporary, replaced);
      await syncFolder(parent);
      await removeFolder(replaced);
      return written;
    } catch (error) {
      // What is thrown is why it could not be written, whether or not the rest can be removed.
      await removeFolder(temporary).catch(() => {});
      throw error;
    }
  });

/** Gives a folder its name; what had the name before is then `replaced`, or keeps it if this fails. */
async function exchange(path: string, temporary: string, replaced: string): Promise<void> {
  const isThere = statOf(path) !== undefined;
  if (isThere) await rename(path, replaced);
  try {
    await rename(temporary, path);
  } catch (error) {
    if (isThere) await rename(replaced, path);
    throw error;
  }
}

const removeFolder = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

async function storing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw storageError(error, 'write', path, 'choose another place with --out');
  }
}

async function expectOwnFolder(path: string, files: readonly string[]): Promise<void> {
  if (!statOf(path)) return;
  const other = (await readdir(path)).find((name) => !files.includes(name));
  if (other === undefined) return;
  throw new ConfigError(
    'export_exists',
    `--out ${path} holds ${other}, which is no part of an export and would be lost; choose another folder`,
  );
}
