import type { Dataset } from '../data/dataset.ts';
import { type Batch, createLoader, type Loader } from '../data/loader.ts';
import { DivergedError } from '../errors.ts';
import { adviseAfterDivergence } from './advice.ts';
import { type BestCheckpoint, betterThan, nextBest } from './best.ts';
import { drawSampleGrid } from './by_label.ts';
import type { Change } from './changes.ts';
import { loadCheckpoint } from './checkpoint/checkpoint.ts';
import { listCheckpoints } from './checkpoint/listing.ts';
import { RealDiversity, type RelativeDiversity } from './diversity.ts';
import { Evaluator, isEvaluated } from './evaluator.ts';
import { HealthWatch, type Warning } from './health.ts';
import { countable } from './histogram.ts';
import { applyScale, type DecayState, nextDecay } from './learning_rate.ts';
import { restore, save } from './persistence.ts';
import type { TrainingProgress } from './progress.ts';
import { COMMANDS, ENDS, otherRankFailed, type ProcessGroup } from './ranks/process_group.ts';
import type { RunRecord } from './record.ts';
import type { StartingWeights } from './run/environment.ts';
import type { MetricsRecord } from './run/metrics.ts';
import type { StepMetrics, TrainingSession } from './session.ts';
import { SystemMeter } from './system_figures.ts';

/** What a sitting needs, made by `train` and `resume`. */
export interface SittingOptions {
  readonly session: TrainingSession;
  readonly dataset: Dataset;
  readonly record: RunRecord;
  /** The processes that train together, of which this one is rank 0. */
  readonly group?: ProcessGroup | undefined;
  /** Where to go on from. */
  readonly from: TrainingProgress;
  /** The checkpoint that `from` was read from. */
  readonly checkpoint?: string | undefined;
  /** In what the configuration differs from the one that the checkpoint was trained with. */
  readonly changes?: readonly Change[] | undefined;
  /** In what the machine or the software differs from those that the checkpoint was trained on; see `otherSurroundings`. */
  readonly surroundings?: readonly Change[] | undefined;
  /** What the run begins with in place of weights of its own. */
  readonly weights?: StartingWeights | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One stretch of a run without interruption: counts steps, images and time, and does what a step brings with it. */
export class TrainingSitting {
  step: number;
  private readonly options: SittingOptions;
  private readonly loader: Loader;
  private readonly health: HealthWatch;
  private readonly startedAt: number;
  private imagesSeen: number;
  private savedStep: number;
  private lastCheckpoint: string | undefined;
  private after: TrainingProgress['data'];
  private decay: DecayState;
  private best: BestCheckpoint | undefined;
  /** What becomes the best checkpoint when this step is saved. */
  private candidate: BestCheckpoint | undefined;
  private evaluator: Evaluator | undefined;
  private readonly meter: SystemMeter;
  private lap: { readonly images: number; readonly at: number };
  private real: RealDiversity | undefined;
  private askedToStop = false;

  /** @throws DataError if the images do not suit the batch or are not those of the checkpoint */
  constructor(options: SittingOptions) {
    const { from, session, dataset, checkpoint, group } = options;
    const { batch, seed } = session.model.config;
    this.options = options;
    this.loader = createLoader(dataset, { batch, seed, position: from.data, rows: group?.rows });
    this.meter = new SystemMeter(session.device);
    this.health = new HealthWatch(session.model.monitors, from.health);
    this.startedAt = performance.now() - from.elapsedMs;
    this.step = from.step;
    this.imagesSeen = from.imagesSeen;
    this.savedStep = from.step === 0 ? -1 : from.step;
    this.lastCheckpoint = checkpoint;
    this.after = from.data;
    this.decay = from.decay ?? { scale: 1, since: from.step };
    this.best = from.best;
    this.lap = { images: from.imagesSeen, at: performance.now() };
  }

  /** Whether this step is to be saved because it is the best so far. */
  get isBest(): boolean {
    return this.candidate !== undefined;
  }

  get isSaved(): boolean {
    return this.savedStep === this.step;
  }

  /** Since the last metrics. */
  get imagesPerSecond(): number {
    return ((this.imagesSeen - this.lap.images) * 1000) / (performance.now() - this.lap.at);
  }

  /** The next training step. @throws DivergedError if a metric that was fetched is NaN or infinite */
  async next(options: { fetch: boolean }): Promise<StepMetrics> {
    const { session, group } = this.options;
    const batches: Batch[] = [];
    for (let i = 0; i < session.batchesIn(this.step + 1); i++) batches.push(await this.loader.next());
    await this.beginStep();
    const running = session.step(this.step + 1, batches, options);
    const metrics = await (group?.together(running) ?? running);
    this.after = batches.at(-1)?.after;
    for (const batch of batches) batch.release();
    this.step++;
    this.imagesSeen += batches.length * session.model.config.batch;
    const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
    if (bad) throw this.diverged(`${bad[0]} is ${bad[1]}`);
    await this.decayRates(metrics);
    return metrics;
  }

  /** Whether what happens now may decide how the run goes on. It may at fixed steps only: where else something is measured, drawn or
   *  saved, such as at the last step, depends on where a run was cut. */
  private counts(every: number): boolean {
    return this.step % every === 0;
  }

  private async decayRates(metrics: StepMetrics): Promise<void> {
    const { session } = this.options;
    const { config, game } = session.model;
    const { logEvery, learningRateDecay } = config;
    if (!this.counts(logEvery)) return;
    const before = this.decay.scale;
    const measured = game.convergence === undefined ? undefined : metrics[game.convergence];
    this.decay = nextDecay(learningRateDecay, this.decay, this.step, measured);
    if (this.decay.scale === before) return;
    await applyScale(session, this.decay.scale);
    await this.synchronize();
  }

  /** Gives the other ranks this one's variables, before the first step. */
  async begin(): Promise<void> {
    const { group, session, record } = this.options;
    await group?.begin(session, record.folder);
  }

  /** Whether a rank was asked to save and stop. */
  get isAskedToStop(): boolean {
    return this.askedToStop;
  }

  /** Has the other ranks begin the next step. @throws DeviceError rank_failed */
  private async beginStep(): Promise<void> {
    const { group } = this.options;
    const told = await group?.tell({ command: COMMANDS.step, saved: Math.max(this.savedStep, 0) });
    if (!group || !told) return;
    const failed = told.findIndex((message) => message.failed);
    if (failed >= 0) {
      group.ranks.end();
      throw otherRankFailed(failed, told.length, this.lastSaved);
    }
    this.askedToStop ||= told.some(({ stop }) => stop);
  }

  /** Gives the other ranks what was written to this one's variables. */
  private async synchronize(): Promise<void> {
    const { group, session } = this.options;
    if (!group) return;
    await group.tell({ command: COMMANDS.synchronize, saved: Math.max(this.savedStep, 0) });
    await group.synchronize(session);
  }

  /** Tells the other ranks that the training has ended, unless they know. */
  private async dismiss(how: (typeof ENDS)[number]): Promise<void> {
    const { group } = this.options;
    if (!group || group.ranks.haveEnded) return;
    await group.tell({ command: COMMANDS.end, how: ENDS.indexOf(how) });
    group.ranks.end();
  }

  /** Records metrics, what was measured of samples (if they were drawn), and of the run's images; answers them as they were recorded, and
   *  what they warn of. */
  async measure(
    metrics: StepMetrics,
    drawn: StepMetrics,
    evaluated: StepMetrics,
  ): Promise<{ record: MetricsRecord; warnings: readonly Warning[] }> {
    const { imagesPerSecond } = this;
    const now = performance.now();
    this.lap = { images: this.imagesSeen, at: now };
    const record: MetricsRecord = {
      step: this.step,
      epoch: this.imagesSeen / this.options.dataset.count,
      imagesSeen: this.imagesSeen,
      elapsedMs: now - this.startedAt,
      imagesPerSecond,
      system: await this.meter.measure(),
      values: { ...metrics, ...drawn, ...evaluated },
    };
    await this.options.record.measured(record);
    const { logEvery, sampleEvery } = this.options.session.model.config;
    const deciding = { ...(this.counts(logEvery) && metrics), ...(this.counts(sampleEvery) && drawn) };
    return { record, warnings: this.health.observe(deciding, this.imagesSeen) };
  }

  /** Records how what the discriminator said of the last step's images is distributed, if the configuration asks for it. */
  async recordOutputs(): Promise<void> {
    const { session, record } = this.options;
    const { game, config } = session.model;
    const verdict = game.verdict?.(config);
    if (verdict && session.verdicts) await record.distributed(this.step, countable(verdict, session.verdicts));
  }

  /** Writes a grid of the run's fixed latents; answers its path and what is measured of its images. */
  async sample(): Promise<{ path: string; measured: RelativeDiversity }> {
    const { session, dataset, record } = this.options;
    const grid = await drawSampleGrid(session);
    const path = await record.sampled(this.step, grid);
    this.real ??= await RealDiversity.of(dataset, grid);
    const measured = this.real.compare(grid);
    await record.log(`drew ${path}, diversity ${measured.diversity.toFixed(2)} of that of real images`);
    return { path, measured };
  }

  /** Measures the run's images beside real ones. */
  async evaluate(): Promise<StepMetrics> {
    const { session, dataset, record } = this.options;
    const { config } = session.model;
    this.evaluator ??= await Evaluator.open(config, dataset);
    const { label, comparableWith } = this.evaluator;
    const values = await this.evaluator.evaluate(session);
    const measure = values.frechet as number;
    if (this.counts(config.evaluateEvery))
      this.candidate = betterThan(this.best, { step: this.step, measure, by: comparableWith });
    await record.log(`evaluated by ${label}: Frechet distance ${measure.toPrecision(5)}`);
    return values;
  }

  /** Saves a checkpoint and answers its folder; the best one so far is marked.
   *  @throws CheckpointError; DivergedError if a variable is NaN or infinite */
  async save(): Promise<string> {
    const { session, record } = this.options;
    const { config } = session.model;
    this.chooseBest();
    const path = await save(session, record.folder, {
      step: this.step,
      imagesSeen: this.imagesSeen,
      elapsedMs: performance.now() - this.startedAt,
      decay: this.decay,
      health: this.health.state,
      config,
      ...(this.best && { best: this.best }),
      ...(this.after && { data: this.after }),
    }).catch((error: unknown) => {
      throw error instanceof DivergedError ? this.diverged(error.message) : error;
    });
    this.savedStep = this.step;
    this.lastCheckpoint = path;
    await record.log(`saved ${path}`);
    return path;
  }

  private chooseBest(): void {
    const { config } = this.options.session.model;
    if (isEvaluated(config)) this.best = this.candidate ?? this.best;
    else if (this.counts(config.checkpointEvery)) this.best = nextBest(this.best, this.decay, this.step);
    this.candidate = undefined;
  }

  /** Takes the weights of the best checkpoint, or of the newest regular one where none is marked, and lowers the learning rates,
   *  since the same ones would lead to the same end. The clock, the random state and the images go on. Answers the checkpoint's step;
   *  undefined if there is no checkpoint. */
  async rollBack(): Promise<number | undefined> {
    const { session, record } = this.options;
    const { checkpointEvery } = session.model.config;
    const saved = (await listCheckpoints(record.folder)).filter(({ step }) => step <= this.savedStep);
    const regular = saved.filter(({ step }) => step % checkpointEvery === 0);
    const target = saved.find(({ step }) => step === this.best?.step) ?? regular.at(-1);
    if (!target) return undefined;
    await restore(session, await loadCheckpoint(record.folder, { step: target.step }), [
      'generator',
      'discriminator',
      'optimizer',
      'average',
    ]);
    // What was measured of this step's weights does not hold for those taken up.
    this.candidate = undefined;
    this.decay = { ...this.decay, scale: this.decay.scale * session.model.config.learningRateDecay.factor };
    await applyScale(session, this.decay.scale);
    await this.synchronize();
    await record.log(`rolled back to the weights of step ${target.step}`);
    return target.step;
  }

  /** @param how the training ended */
  async close(how: (typeof ENDS)[number]): Promise<void> {
    this.evaluator?.close();
    await this.loader.close();
    await this.dismiss(how);
  }

  private diverged(problem: string): DivergedError {
    const { session, record } = this.options;
    const advice = adviseAfterDivergence(record.folder, session.model.config);
    return new DivergedError('diverged', `${problem} at step ${this.step}. ${this.lastSaved}\n  ${advice}`);
  }

  private get lastSaved(): string {
    return this.lastCheckpoint
      ? `The last good checkpoint is ${this.lastCheckpoint}.`
      : 'No checkpoint had been saved yet.';
  }
}
