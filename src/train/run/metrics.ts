import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../durable.ts';
import { openRegularFile, readRegularFile } from '../../files.ts';
import { errno, storageError } from '../../storage.ts';

/** One line of metrics.jsonl. */
export interface MetricsRecord {
  /** Steps done when it was taken. */
  readonly step: number;
  /** Passes over the data, a fraction. */
  readonly epoch: number;
  readonly imagesSeen: number;
  /** Training time since the run's first step, over all its sittings. */
  readonly elapsedMs: number;
  readonly imagesPerSecond: number;
  /** Losses and whatever else the recipe reports. NaN and infinity are null, since JSON has no word for them. */
  readonly values: Readonly<Record<string, number | null>>;
}

const METRICS_FILE = 'metrics.jsonl';

/** Appends to a run's metrics.jsonl. */
export class MetricsWriter {
  private readonly path: string;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /** Opens the file to append what comes after `step`: lines of later steps, and one cut short by a kill, are removed first,
   *  so that a resumed run leaves the file of an unbroken one. @throws CheckpointError as `storageError` */
  static async open(runFolder: string, step: number): Promise<MetricsWriter> {
    const path = join(runFolder, METRICS_FILE);
    try {
      const text = await readText(path);
      const kept = parseLines(text).filter((line) => line.record.step <= step);
      const wanted = kept.map((line) => `${line.text}\n`).join('');
      if (wanted !== text) await replaceFile(path, wanted);
      return new MetricsWriter(path, await openRegularFile(path, 'append'));
    } catch (error) {
      throw storageError(error, 'open', path);
    }
  }

  /** @throws CheckpointError `disk_full`, `storage_failed` */
  async append(record: MetricsRecord): Promise<void> {
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

/** All complete lines of a run's metrics.jsonl, none if it has no such file. @throws CheckpointError as `storageError` */
export async function readMetrics(runFolder: string): Promise<MetricsRecord[]> {
  const path = join(runFolder, METRICS_FILE);
  const text = await readText(path).catch((error: unknown) => {
    throw storageError(error, 'read', path);
  });
  return parseLines(text).map((line) => line.record);
}

async function readText(path: string): Promise<string> {
  try {
    return String(await readRegularFile(path));
  } catch (error) {
    if (errno(error) === 'ENOENT') return '';
    throw error;
  }
}

function parseLines(text: string): { text: string; record: MetricsRecord }[] {
  return text.split('\n').flatMap((line) => {
    const record = parseRecord(line);
    return record ? [{ text: line, record }] : [];
  });
}

// What is read of a line. The numbers beside may be null, where they were infinite.
const lineSchema = z.looseObject({
  step: z.number().int().min(0),
  values: z.record(z.string(), z.number().nullable()),
});

/** A line that a kill or a full disk cut short is no JSON, since an object's last character closes it. */
function parseRecord(line: string): MetricsRecord | undefined {
  try {
    return lineSchema.parse(JSON.parse(line)) as unknown as MetricsRecord;
  } catch {
    return undefined;
  }
}
