import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from './durable.ts';

/** Appends a message to a run's log.txt, after the time. @throws CheckpointError `disk_full`, `not_writable`, `storage_failed` */
export async function appendLog(runFolder: string, message: string, now: Date = new Date()): Promise<void> {
  const path = join(runFolder, 'log.txt');
  try {
    await appendFile(path, `${now.toISOString()} ${message}\n`);
  } catch (error) {
    throw storageError(error, 'write', path);
  }
}
