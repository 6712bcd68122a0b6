import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonValue } from '../../durable.ts';
import { panelsOf } from '../../explore/panels.ts';
import { parseJson, readRegularFile } from '../../files.ts';
import { findRecipe } from '../../models/index.ts';
import { listCheckpoints, runHolder } from '../../train/index.ts';
import type { OutputHistory, Panel, RunDetail, RunState, RunSummary } from '../protocol.ts';
import { AppendedLines, tailLines } from './appended_lines.ts';
import { Columns, GPU_MEMORY, lastRecord, MEMORY, PROCESSORS, SPEED } from './columns.ts';
import { listGrids, newestGrid } from './grids.ts';
import { endOf, LogReader } from './log.ts';
import { readOwnMonitors } from './monitors.ts';
import { FoldedHistograms } from './output_history.ts';
import { learningRates } from './rates.ts';
import { knownSettings } from './settings.ts';

const METRICS = 'metrics.jsonl';
const HISTOGRAMS = 'histograms.jsonl';
const LOG = 'log.txt';
const CONFIG = 'config.json';
/** Enough of a file's end to hold its last lines. */
const TAIL_BYTES = 16 * 1024;
const LOG_LINES = 400;

const SPEED_MONITOR = { label: 'images/s', panel: 'speed', unit: 'images/s' } as const;
const SYSTEM_MONITORS = {
  [PROCESSORS]: { label: 'process', panel: 'system: processors in use', unit: '' },
  [MEMORY]: { label: 'process', panel: 'system: memory', unit: 'GiB' },
  [GPU_MEMORY]: { label: 'GPU', panel: 'system: memory', unit: 'GiB' },
} as const;

/** A run whose folder is looked at again and again. The list costs a few small reads; all metrics are read when curves are asked for. */
export class WatchedRun {
  readonly id: string;
  readonly folder: string;
  private config: { readonly [key: string]: JsonValue } = {};
  private stamps = '';
  private summary: RunSummary | undefined;
  private readonly metricsFile: AppendedLines;
  private columns: Columns | undefined;
  private reading: Promise<Columns> | undefined;
  private readingHistograms: Promise<void> | undefined;
  private readonly log = new LogReader(LOG_LINES);
  private readonly logFile: AppendedLines;
  private readonly histograms = new FoldedHistograms();
  private readonly histogramsFile: AppendedLines;

  constructor(root: string, id: string) {
    this.id = id;
    this.folder = join(root, id);
    this.metricsFile = new AppendedLines(join(this.folder, METRICS));
    this.logFile = new AppendedLines(join(this.folder, LOG));
    this.histogramsFile = new AppendedLines(join(this.folder, HISTOGRAMS));
  }

  /** What the list shows, read anew where a file of the run has changed since. */
  async summarize(): Promise<RunSummary> {
    const [holder, ...found] = await Promise.all([
      runHolder(this.folder).catch(() => undefined),
      ...[METRICS, LOG, 'samples', CONFIG, 'environment.json'].map((name) => stampOf(join(this.folder, name))),
    ]);
    const stamps = [holder?.pid, ...found].join(' ');
    if (this.summary && stamps === this.stamps) return this.summary;
    this.config = await readObject(join(this.folder, CONFIG));
    this.summary = await this.readSummary(holder !== undefined, stamps);
    this.stamps = stamps;
    return this.summary;
  }

  private async readSummary(isRunning: boolean, version: string): Promise<RunSummary> {
    const [environment, metrics, log, pictures] = await Promise.all([
      readObject(join(this.folder, 'environment.json')),
      tailLines(join(this.folder, METRICS), TAIL_BYTES).catch(() => []),
      tailLines(join(this.folder, LOG), TAIL_BYTES).catch(() => []),
      readdir(join(this.folder, 'samples')).catch((): string[] => []),
    ]);
    const last = lastRecord(metrics);
    const { state, detail } = isRunning
      ? { state: 'running' as const, detail: '' }
      : (endOf(log) ?? { state: 'crashed' as const, detail: 'its process is gone' });
    const steps = numberOrNull(this.config.steps);
    const progress = {
      step: last?.step ?? 0,
      steps,
      imagesSeen: numberOrNull(last?.imagesSeen),
      imagesPerSecond: numberOrNull(last?.imagesPerSecond),
      elapsedMs: numberOrNull(last?.elapsedMs),
    };
    return {
      id: this.id,
      recipe: textOf(this.config.recipe),
      data: textOf(this.config.data),
      state,
      detail,
      ...progress,
      remainingMs: remaining(state, progress),
      startedAt: typeof environment.startedAt === 'string' ? environment.startedAt : null,
      picture: await newestGrid(this.folder, pictures),
      version,
    };
  }

  /** What the run's own page shows. @param columns all its metrics */
  async describe(columns: Columns): Promise<RunDetail> {
    await this.summarize();
    const [monitors, grids, checkpoints, histograms] = await Promise.all([
      readOwnMonitors(this.folder, this.config),
      listGrids(this.folder),
      listCheckpoints(this.folder).catch(() => []),
      stampOf(join(this.folder, HISTOGRAMS)),
      this.logFile.read(this.log).catch(() => {}),
    ]);
    return {
      id: this.id,
      folder: this.folder,
      panels: panelsOf(columns.names, { ...monitors, [SPEED]: SPEED_MONITOR, ...SYSTEM_MONITORS }).map(withOrigin),
      grids,
      checkpoints: checkpoints.map(({ step, best }) => ({ step, best })),
      marks: this.log.marks.map((mark) => ({ ...mark, at: columns.placeOf(mark.step) })),
      hasKnownRecipe: findRecipe(textOf(this.config.recipe)) !== undefined,
      hasHistograms: histograms !== NO_STAMP,
      rates: await learningRates(this.config, checkpoints.at(-1)?.folder),
      log: this.log.tail,
      settings: knownSettings(this.config),
    };
  }

  /** All metrics up to now: the first time the whole file is read, then what was added. */
  async readMetrics(): Promise<Columns> {
    // Requests that come together share one reading.
    this.reading ??= this.readNewMetrics().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async readNewMetrics(): Promise<Columns> {
    const columns = this.columns ?? new Columns();
    this.columns = columns;
    await this.metricsFile.read({ line: (text) => columns.add(text), restart: () => columns.clear() });
    return columns;
  }

  /** What its discriminator said of images up to now. */
  async readOutputHistory(): Promise<OutputHistory> {
    this.readingHistograms ??= this.histogramsFile
      .read({ line: (text) => this.histograms.add(text), restart: () => this.histograms.clear() })
      .finally(() => {
        this.readingHistograms = undefined;
      });
    await this.readingHistograms;
    return this.histograms.history;
  }

  /** Bytes that its metrics take in memory. */
  get bytes(): number {
    return this.columns?.bytes ?? 0;
  }

  /** Gives that memory back; the next request reads the file from its beginning. */
  forgetMetrics(): void {
    if (this.reading) return;
    this.columns = undefined;
    this.metricsFile.rewind();
  }
}

const withOrigin = (panel: Omit<Panel, 'isOfSystem'>): Panel => ({
  ...panel,
  isOfSystem: panel.metrics.every(({ name }) => Object.hasOwn(SYSTEM_MONITORS, name)),
});

function remaining(
  state: RunState,
  { step, steps, imagesSeen, imagesPerSecond }: Pick<RunSummary, 'step' | 'steps' | 'imagesSeen' | 'imagesPerSecond'>,
): number | null {
  if (state !== 'running' || steps === null || !step || !imagesSeen || !imagesPerSecond) return null;
  return (Math.max(0, steps - step) * (imagesSeen / step) * 1000) / imagesPerSecond;
}

const numberOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const NO_STAMP = '-';

/** Changes whenever a file or folder does. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : NO_STAMP;
}

/** The object that a JSON file holds; an empty one where it is damaged or not there, as while a run begins. */
async function readObject(path: string): Promise<{ readonly [key: string]: JsonValue }> {
  try {
    const value = parseJson(String(await readRegularFile(path)));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : {};
  } catch {
    return {};
  }
}
