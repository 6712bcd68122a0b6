import { z } from 'zod';
import { readStepLines, type StepLinesFile, StepLinesWriter, type StepRecord } from './step_lines.ts';

/** What the process that trains takes of its machine. */
export interface SystemFigures {
  /** Processors that it kept busy in the mean since the line before: 2 is all of two. */
  readonly processors: number;
  /** Memory of the process that is in the machine's own memory, its resident set. */
  readonly memoryBytes: number;
  /** Memory of the GPU that is in use, by other processes too; absent where it trains on processors. */
  readonly gpuMemoryBytes?: number;
}

/** One line of metrics.jsonl. */
export interface MetricsRecord extends StepRecord {
  /** Passes over the data, a fraction. */
  readonly epoch: number;
  readonly imagesSeen: number;
  /** Training time since the run's first step, over all its sittings. */
  readonly elapsedMs: number;
  readonly imagesPerSecond: number;
  /** Absent in lines that version 0.1 or a loop of one's own has written. */
  readonly system?: SystemFigures;
  /** Losses and whatever else the recipe reports. NaN and infinity are null, since JSON has no word for them. */
  readonly values: Readonly<Record<string, number | null>>;
}

// What is read of a line. The numbers beside may be null, where they were infinite.
const lineSchema = z.looseObject({
  step: z.number().int().min(0),
  values: z.record(z.string(), z.number().nullable()),
});

const FILE: StepLinesFile<MetricsRecord> = {
  name: 'metrics.jsonl',
  check: (value) => lineSchema.parse(value) as unknown as MetricsRecord,
};

/** Appends to a run's metrics.jsonl. */
export class MetricsWriter {
  private readonly lines: StepLinesWriter<MetricsRecord>;

  private constructor(lines: StepLinesWriter<MetricsRecord>) {
    this.lines = lines;
  }

  /** Opens the file to append what comes after `step`: lines of later steps, and one cut short by a kill, are removed first,
   *  so that a resumed run leaves the file of an unbroken one. @throws CheckpointError as `storageError` */
  static async open(runFolder: string, step: number): Promise<MetricsWriter> {
    return new MetricsWriter(await StepLinesWriter.open(runFolder, FILE, step));
  }

  /** @throws CheckpointError `disk_full`, `storage_failed` */
  append(record: MetricsRecord): Promise<void> {
    return this.lines.append(record);
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

/** All complete lines of a run's metrics.jsonl, none if it has no such file. @throws CheckpointError as `storageError` */
export const readMetrics = (runFolder: string): Promise<MetricsRecord[]> => readStepLines(runFolder, FILE);
