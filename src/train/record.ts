import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { composeGrid } from '../data/grid.ts';
import { encodePng, writeGrid } from '../data/png.ts';
import type { JsonValue } from '../durable.ts';
import type { SampleGrid } from './by_label.ts';
import { BIN_EDGES, type CountableOutputs, countBins } from './histogram.ts';
import { hyperparametersOf } from './hyperparameters.ts';
import { type HistogramsRecord, openHistograms } from './run/histograms.ts';
import { appendLog } from './run/log.ts';
import { type MetricsRecord, MetricsWriter } from './run/metrics.ts';
import type { StepLinesWriter } from './run/step_lines.ts';
import { EventWriter } from './run/tfevents.ts';

/** Writes what a run leaves behind beside its checkpoints: metrics.jsonl, histograms.jsonl, TensorBoard events, log.txt, sample grids. */
export class RunRecord {
  readonly folder: string;
  private readonly metrics: MetricsWriter;
  private readonly histograms: StepLinesWriter<HistogramsRecord> | undefined;
  private readonly events: EventWriter;

  private constructor(
    folder: string,
    writers: {
      readonly metrics: MetricsWriter;
      readonly histograms: StepLinesWriter<HistogramsRecord> | undefined;
      readonly events: EventWriter;
    },
  ) {
    this.folder = folder;
    this.metrics = writers.metrics;
    this.histograms = writers.histograms;
    this.events = writers.events;
  }

  /** Opens the files to go on after `step`. @throws CheckpointError */
  static async open(folder: string, step: number, config: Config): Promise<RunRecord> {
    const record = new RunRecord(folder, {
      metrics: await MetricsWriter.open(folder, step),
      histograms: await openHistograms(folder, step, config.health.outputHistograms),
      events: await EventWriter.open(folder, step),
    });
    await record.events.sessionStart(hyperparametersOf(config as unknown as JsonValue));
    return record;
  }

  async measured(record: MetricsRecord): Promise<void> {
    const { step, values, imagesPerSecond, system = {} } = record;
    await this.metrics.append(record);
    const ofSystem = Object.entries(system).map(([name, figure]) => [`system/${name}`, figure]);
    await this.events.scalars(step, {
      ...(values as Record<string, number>),
      imagesPerSecond,
      ...Object.fromEntries(ofSystem),
    });
  }

  /** Writes how what the discriminator said of real and of generated images is distributed. */
  async distributed(step: number, { kind, real, fake }: CountableOutputs): Promise<void> {
    const edges = BIN_EDGES[kind];
    const bins = { real: countBins(real, edges), fake: countBins(fake, edges) };
    await this.histograms?.append({ step, kind, ...bins });
    const letter = kind === 'error' ? 'L' : 'D';
    await this.events.histogram(step, `${letter}(x)`, { values: real, bins: bins.real, edges });
    await this.events.histogram(step, `${letter}(G(z))`, { values: fake, bins: bins.fake, edges });
  }

  /** Writes samples/step-NNNNNN.png and returns its path. */
  async sampled(step: number, { images, columns, rows }: SampleGrid): Promise<string> {
    const path = join(this.folder, 'samples', `step-${String(step).padStart(6, '0')}.png`);
    await writeGrid(path, images, { columns });
    const picture = composeGrid(images, { columns });
    const caption = captionOf(
      images.shape[0],
      rows?.map(({ name }) => name),
    );
    await this.events.image(step, 'samples', { ...picture, png: await encodePng(picture), caption });
    return path;
  }

  log(message: string): Promise<void> {
    return appendLog(this.folder, message);
  }

  /** Tells how a run ended that does not go on by itself. */
  ended(hasSucceeded: boolean): Promise<void> {
    return this.events.sessionEnd(hasSucceeded);
  }

  async close(): Promise<void> {
    await this.metrics.close();
    await this.histograms?.close();
    await this.events.close();
  }
}

/** What a grid shows, in Markdown. @param rows what the images of each row were asked to be */
function captionOf(count: number, rows: readonly string[] | undefined): string {
  const images = `${count} images of the same latents at every step`;
  // Names of labels are text, whatever they look like.
  const names = rows?.map((name) => `\`${name.replaceAll('`', "'")}\``);
  return names ? `${images}, a row for each label, from the top: ${names.join(', ')}` : images;
}
