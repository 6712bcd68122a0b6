import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../durable.ts';
import { openRegularFile, readRegularFile } from '../../files.ts';
import { errno, storageError } from '../../storage.ts';

/** A record of what was found at a step. */
export interface StepRecord {
  /** Steps done when it was taken. */
  readonly step: number;
}

/** A file of JSON lines in a run's folder, one for a step. */
export interface StepLinesFile<T extends StepRecord> {
  readonly name: string;
  /** The record of a parsed line. @throws for anything else */
  readonly check: (value: unknown) => T;
}

/** Appends to such a file. */
export class StepLinesWriter<T extends StepRecord> {
  private readonly path: string;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /** Opens the file to append what comes after `step`: lines of later steps, and one cut short by a kill, are removed first,
   *  so that a resumed run leaves the file of an unbroken one. @throws CheckpointError as `storageError` */
  static async open<T extends StepRecord>(
    runFolder: string,
    file: StepLinesFile<T>,
    step: number,
  ): Promise<StepLinesWriter<T>> {
    const path = join(runFolder, file.name);
    try {
      const text = await readText(path);
      const kept = parseLines(text, file).filter((line) => line.record.step <= step);
      const wanted = kept.map((line) => `${line.text}\n`).join('');
      if (wanted !== text) await replaceFile(path, wanted);
      return new StepLinesWriter<T>(path, await openRegularFile(path, 'append'));
    } catch (error) {
      throw storageError(error, 'open', path);
    }
  }

  /** @throws CheckpointError `disk_full`, `storage_failed` */
  async append(record: T): Promise<void> {
    try {
      await this.handle.writeFile(`${JSON.stringify(record)}\n`);
    } catch (error) {
      throw storageError(error, 'write', this.path);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** All complete lines of such a file, none if the run has no such file. @throws CheckpointError as `storageError` */
export async function readStepLines<T extends StepRecord>(runFolder: string, file: StepLinesFile<T>): Promise<T[]> {
  const path = join(runFolder, file.name);
  const text = await readText(path).catch((error: unknown) => {
    throw storageError(error, 'read', path);
  });
  return parseLines(text, file).map((line) => line.record);
}

async function readText(path: string): Promise<string> {
  try {
    return String(await readRegularFile(path));
  } catch (error) {
    if (errno(error) === 'ENOENT') return '';
    throw error;
  }
}

function parseLines<T extends StepRecord>(text: string, file: StepLinesFile<T>): { text: string; record: T }[] {
  return text.split('\n').flatMap((line) => {
    const record = parseRecord(line, file);
    return record ? [{ text: line, record }] : [];
  });
}

/** A line that a kill or a full disk cut short is no JSON, since an object's last character closes it. */
function parseRecord<T extends StepRecord>(line: string, { check }: StepLinesFile<T>): T | undefined {
  try {
    return check(JSON.parse(line));
  } catch {
    return undefined;
  }
}
