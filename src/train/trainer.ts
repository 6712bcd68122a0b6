import type { Dataset } from '../data/dataset.ts';
import { summariseSkipped } from '../data/dataset.ts';
import { type Batch, createLoader, type Loader } from '../data/loader.ts';
import { DivergedError } from '../errors.ts';
import { hostLatents } from './latents.ts';
import { save, type TrainingProgress } from './persistence.ts';
import type { RunRecord } from './record.ts';
import type { MetricsRecord } from './run/metrics.ts';
import type { StepMetrics, TrainingSession } from './session.ts';

/** What happens while training, in order. Every path lies within the run's folder. */
export type TrainEvent =
  | { readonly type: 'start'; readonly folder: string; readonly device: string; readonly step: number; readonly steps: number }
  | { readonly type: 'step'; readonly step: number; readonly steps: number; readonly imagesPerSecond: number }
  | ({ readonly type: 'metrics' } & MetricsRecord)
  | { readonly type: 'sample'; readonly step: number; readonly path: string }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly type: 'end'; readonly step: number; readonly reason: 'finished' | 'interrupted'; readonly skipped: string };

/** What the loop needs, made by `train` and `resume`. */
export interface Sitting {
  readonly session: TrainingSession;
  readonly dataset: Dataset;
  readonly record: RunRecord;
  /** Where to go on from. */
  readonly from: TrainingProgress;
  /** The checkpoint that `from` was read from. */
  readonly checkpoint?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Trains until the configured number of steps is reached or the signal says stop; either way everything is saved at the end.
 *  @throws DivergedError `diverged` naming the last good checkpoint, if a loss or anything to be saved is NaN or infinite */
export async function* runSteps(sitting: Sitting): AsyncGenerator<TrainEvent, void> {
  const { session, dataset, record, from, signal } = sitting;
  const { config } = session.model;
  const loader = createLoader(dataset, { batch: config.batch, seed: config.seed, position: from.data });
  const run = new RunningTotals(sitting, loader);
  const { kind, description } = session.device;
  yield { type: 'start', folder: record.folder, device: `${kind}: ${description}`, step: from.step, steps: config.steps };
  try {
    while (run.step < config.steps && !signal?.aborted) {
      const step = run.step + 1;
      const due = (every: number) => step % every === 0 || step === config.steps;
      const fetch = due(config.logEvery) || due(config.checkpointEvery);
      const metrics = await run.next({ fetch });
      if (fetch) run.expectFinite(metrics);
      yield { type: 'step', step, steps: config.steps, imagesPerSecond: run.imagesPerSecond };
      if (due(config.logEvery)) yield await run.measure(metrics);
      if (due(config.sampleEvery)) yield await run.sample();
      if (due(config.checkpointEvery)) yield await run.save();
    }
    if (!run.isSaved) yield await run.save();
    const reason = run.step < config.steps ? 'interrupted' : 'finished';
    await record.log(`${reason} at step ${run.step}`);
    yield { type: 'end', step: run.step, reason, skipped: summariseSkipped(dataset.skipped) };
  } finally {
    await loader.close();
  }
}

/** Counts steps, images and time, and does what a step brings with it. */
class RunningTotals {
  step: number;
  private lastCheckpoint: string | undefined;
  private imagesSeen: number;
  private savedStep: number;
  private after: TrainingProgress['data'];
  private lap: { readonly images: number; readonly at: number };
  private readonly startedAt: number;
  private readonly latents: Float32Array;

  constructor(
    private readonly sitting: Sitting,
    private readonly loader: Loader,
  ) {
    const { from, session, checkpoint } = sitting;
    const { latent, sampleCount, seed } = session.model.config;
    this.step = from.step;
    this.imagesSeen = from.imagesSeen;
    this.savedStep = from.step === 0 ? -1 : from.step;
    this.after = from.data;
    this.lastCheckpoint = checkpoint;
    this.startedAt = performance.now() - from.elapsedMs;
    this.lap = { images: from.imagesSeen, at: performance.now() };
    this.latents = hostLatents(latent, sampleCount, seed);
  }

  get isSaved(): boolean {
    return this.savedStep === this.step;
  }

  /** Since the last metrics. */
  get imagesPerSecond(): number {
    return ((this.imagesSeen - this.lap.images) * 1000) / (performance.now() - this.lap.at);
  }

  async next(options: { fetch: boolean }): Promise<StepMetrics> {
    const { session } = this.sitting;
    const batches: Batch[] = [];
    for (let i = 0; i < session.batchesIn(this.step + 1); i++) batches.push(await this.loader.next());
    const metrics = await session.step(this.step + 1, batches, options);
    this.after = batches.at(-1)?.after;
    for (const batch of batches) batch.release();
    this.step++;
    this.imagesSeen += batches.length * session.model.config.batch;
    return metrics;
  }

  async measure(values: StepMetrics): Promise<TrainEvent> {
    const { imagesPerSecond } = this;
    const now = performance.now();
    this.lap = { images: this.imagesSeen, at: now };
    const record: MetricsRecord = {
      step: this.step,
      epoch: this.imagesSeen / this.sitting.dataset.count,
      imagesSeen: this.imagesSeen,
      elapsedMs: now - this.startedAt,
      imagesPerSecond,
      values,
    };
    await this.sitting.record.measured(record);
    return { type: 'metrics', ...record };
  }

  async sample(): Promise<TrainEvent> {
    const images = await this.sitting.session.sample(this.latents);
    return { type: 'sample', step: this.step, path: await this.sitting.record.sampled(this.step, images) };
  }

  async save(): Promise<TrainEvent> {
    const { session, record } = this.sitting;
    const path = await save(session, record.folder, {
      step: this.step,
      imagesSeen: this.imagesSeen,
      elapsedMs: performance.now() - this.startedAt,
      ...(this.after && { data: this.after }),
    }).catch((error: unknown) => {
      throw error instanceof DivergedError ? this.diverged(error.message) : error;
    });
    this.savedStep = this.step;
    this.lastCheckpoint = path;
    await record.log(`saved ${path}`);
    return { type: 'checkpoint', step: this.step, path };
  }

  /** @throws DivergedError */
  expectFinite(metrics: StepMetrics): void {
    const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
    if (bad) throw this.diverged(`${bad[0]} is ${bad[1]}`);
  }

  private diverged(problem: string): DivergedError {
    const saved = this.lastCheckpoint
      ? `The last good checkpoint is ${this.lastCheckpoint}.`
      : 'No checkpoint had been saved yet.';
    return new DivergedError(
      'diverged',
      `${problem} at step ${this.step}. ${saved}\n  Try a smaller learning rate (--set generator.learningRate=... --set discriminator.learningRate=...) or label smoothing (--set labels.real=0.9).`,
    );
  }
}
