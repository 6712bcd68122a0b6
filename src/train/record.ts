import { join } from 'node:path';
import { composeGrid, type ImageBatch } from '../data/grid.ts';
import { encodePng, writeGrid } from '../data/png.ts';
import { appendLog } from './run/log.ts';
import { type MetricsRecord, MetricsWriter } from './run/metrics.ts';
import { EventWriter } from './run/tfevents.ts';

/** Writes what a run leaves behind beside its checkpoints: metrics.jsonl, TensorBoard events, log.txt, sample grids. */
export class RunRecord {
  readonly folder: string;
  private readonly metrics: MetricsWriter;
  private readonly events: EventWriter;

  private constructor(folder: string, metrics: MetricsWriter, events: EventWriter) {
    this.folder = folder;
    this.metrics = metrics;
    this.events = events;
  }

  /** Opens the files to go on after `step`. @throws CheckpointError */
  static async open(folder: string, step: number): Promise<RunRecord> {
    return new RunRecord(folder, await MetricsWriter.open(folder, step), await EventWriter.open(folder, step));
  }

  async measured(record: MetricsRecord): Promise<void> {
    const { step, values, imagesPerSecond } = record;
    await this.metrics.append(record);
    await this.events.scalars(step, { ...(values as Record<string, number>), imagesPerSecond });
  }

  /** Writes samples/step-NNNNNN.png, a grid with so many images in a row, and returns its path. */
  async sampled(step: number, images: ImageBatch, columns?: number): Promise<string> {
    const path = join(this.folder, 'samples', `step-${String(step).padStart(6, '0')}.png`);
    await writeGrid(path, images, { columns });
    const picture = composeGrid(images, { columns });
    await this.events.image(step, 'samples', { ...picture, png: await encodePng(picture) });
    return path;
  }

  log(message: string): Promise<void> {
    return appendLog(this.folder, message);
  }

  async close(): Promise<void> {
    await this.metrics.close();
    await this.events.close();
  }
}
