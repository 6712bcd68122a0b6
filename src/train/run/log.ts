import { join } from 'node:path';
import { openRegularFile } from '../../files.ts';
import { storageError } from '../../storage.ts';

/** Appends a message to a run's log.txt, after the time. @throws CheckpointError `disk_full`, `not_writable`, `storage_failed` */
export async function appendLog(runFolder: string, message: string, now: Date = new Date()): Promise<void> {
  const path = join(runFolder, 'log.txt');
  try {
    const handle = await openRegularFile(path, 'append');
    try {
      await handle.writeFile(`${now.toISOString()} ${message}\n`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw storageError(error, 'write', path);
  }
}
