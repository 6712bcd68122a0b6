import { summariseSkipped } from '../data/dataset.ts';
import { DivergedError } from '../errors.ts';
import type { Monitor } from '../losses/index.ts';
import { type Change, formatChange } from './changes.ts';
import type { RelativeDiversity } from './diversity.ts';
import { formatWeights } from './from_run.ts';
import type { Warning } from './health.ts';
import type { ENDS } from './ranks/process_group.ts';
import { RunRecord } from './record.ts';
import type { StartingWeights } from './run/environment.ts';
import type { MetricsRecord } from './run/metrics.ts';
import { RunRequests } from './run/requests.ts';
import { formatDevice, formatSurroundings, nameOf } from './run/sittings.ts';
import { type SittingOptions, TrainingSitting } from './sitting.ts';

/** What happens while training, in order. Every path lies within the run's folder. */
export type TrainEvent =
  | {
      readonly type: 'start';
      readonly folder: string;
      readonly device: string;
      readonly step: number;
      readonly steps: number;
      /** What the metrics of the run are, by name. */
      readonly monitors: Readonly<Record<string, Omit<Monitor, 'sign'>>>;
    }
  /** The run begins with another one's weights. */
  | ({ readonly type: 'weights' } & StartingWeights)
  /** A key of the configuration is another from the step after this one on. */
  | ({ readonly type: 'change'; readonly step: number } & Change)
  /** The machine or the software is another from the step after this one on, so that the last bits of what follows may differ from
   *  those of an unbroken run. */
  | { readonly type: 'surroundings'; readonly step: number; readonly changes: readonly Change[] }
  | { readonly type: 'step'; readonly step: number; readonly steps: number; readonly imagesPerSecond: number }
  | ({ readonly type: 'metrics' } & MetricsRecord)
  /** `diversity`: how much the samples differ from one another, relative to real images; below 0.3 they are collapsing. */
  | ({ readonly type: 'sample'; readonly step: number; readonly path: string } & RelativeDiversity)
  | ({ readonly type: 'warning'; readonly step: number } & Warning)
  /** The weights of an earlier step's checkpoint were taken up again. */
  | { readonly type: 'rollback'; readonly step: number; readonly to: number }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | {
      readonly type: 'end';
      readonly step: number;
      readonly reason: 'finished' | 'interrupted' | 'collapsed';
      readonly skipped: string;
    };

/** Trains until the configured number of steps is reached, the signal says stop, or the samples collapse and the configuration
 *  says to stop then; in every case everything is saved at the end.
 *  @throws DivergedError `diverged` naming the last good checkpoint, if a loss or anything to be saved is NaN or infinite */
export async function* runSteps(options: SittingOptions): AsyncGenerator<TrainEvent, void> {
  const { session, dataset, record, signal } = options;
  const { steps, logEvery, sampleEvery, checkpointEvery, evaluateEvery, health } = session.model.config;
  const requests = await RunRequests.open(record.folder);
  const sitting = new TrainingSitting(options);
  let collapsed = false;
  let stopped = false;
  let end: (typeof ENDS)[number] = 'failed';
  try {
    await sitting.begin();
    yield {
      type: 'start',
      folder: record.folder,
      device: nameOf(session.device),
      step: sitting.step,
      steps,
      monitors: Object.fromEntries(
        Object.entries(session.model.monitors).map(([name, { sign: _, ...monitor }]) => [name, monitor]),
      ),
    };
    yield* tellChanges(options);
    while (sitting.step < steps && !signal?.aborted && !collapsed && !stopped) {
      const step = sitting.step + 1;
      const due = (every: number) => every > 0 && (step % every === 0 || step === steps);
      const metrics = await sitting.next({ fetch: due(logEvery) || due(checkpointEvery) });
      yield { type: 'step', step, steps, imagesPerSecond: sitting.imagesPerSecond };
      const sample = due(sampleEvery) ? await sitting.sample() : undefined;
      if (sample) yield { type: 'sample', step, path: sample.path, ...sample.measured };
      const evaluated = due(evaluateEvery) ? await sitting.evaluate() : undefined;
      if (sample || evaluated || due(logEvery)) {
        const logged = due(logEvery) ? metrics : {};
        const drawn = { ...sample?.measured };
        const { record: measured, warnings } = await sitting.measure(logged, drawn, { ...evaluated });
        if (due(logEvery)) await sitting.recordOutputs();
        yield { type: 'metrics', ...measured };
        yield* warn(options, step, warnings);
        const collapses = warnings.some(({ code }) => code === 'collapse');
        collapsed = collapses && health.onCollapse === 'stop';
        const to = collapses && health.onCollapse === 'rollback' ? await sitting.rollBack() : undefined;
        if (to !== undefined) yield { type: 'rollback', step, to };
      }
      if (due(checkpointEvery) || sitting.isBest) yield { type: 'checkpoint', step, path: await sitting.save() };
      const asked = await requests.take();
      // What is drawn between the configured steps leaves no metrics: they are to be those of a run that nobody watched.
      if (asked.includes('sample') && !sample) yield await drawNow(sitting);
      const isAsked = asked.includes('stop');
      stopped = isAsked || sitting.isAskedToStop;
      if (isAsked) await record.log('asked to save and stop');
    }
    const { step } = sitting;
    if (!sitting.isSaved) yield { type: 'checkpoint', step, path: await sitting.save() };
    end = collapsed ? 'collapsed' : step < steps ? 'interrupted' : 'finished';
    await record.log(`${end} at step ${step}`);
    // One that was interrupted can be taken up again.
    if (end !== 'interrupted') await record.ended(end === 'finished');
    yield { type: 'end', step, reason: end, skipped: summariseSkipped(dataset.skipped) };
  } catch (error) {
    if (error instanceof DivergedError) end = 'diverged';
    throw error;
  } finally {
    await requests.close();
    await sitting.close(end);
  }
}

async function drawNow(sitting: TrainingSitting): Promise<TrainEvent> {
  const { path, measured } = await sitting.sample();
  return { type: 'sample', step: sitting.step, path, ...measured };
}

const firstLine = (text: string): string => text.split('\n')[0] as string;

/** The same, writing down what happens in a run's folder. @throws CheckpointError, and as runSteps */
export async function* runRecorded(
  options: Omit<SittingOptions, 'record'>,
  folder: string,
): AsyncGenerator<TrainEvent, void> {
  const { from, session } = options;
  const record = await RunRecord.open(folder, from.step, session.model.config);
  try {
    await record.log(
      `${from.step === 0 ? 'started' : `resumed at step ${from.step}`} on ${formatDevice(session.device)}`,
    );
    yield* runSteps({ ...options, record });
  } catch (error) {
    // The log is what tells others how a run ended; a disk that takes no line more must not hide why.
    if (error instanceof DivergedError) {
      await record.log(`diverged: ${firstLine(error.message)}`).catch(() => {});
      await record.ended(false).catch(() => {});
    }
    throw error;
  } finally {
    await record.close();
  }
}

async function* tellChanges({
  record,
  from: { step },
  weights,
  changes = [],
  surroundings = [],
}: SittingOptions): AsyncGenerator<TrainEvent, void> {
  if (weights) {
    await record.log(`began with ${formatWeights(weights)}`);
    yield { type: 'weights', ...weights };
  }
  for (const change of changes) {
    await record.log(`changed after step ${step}: ${formatChange(change)}`);
    yield { type: 'change', step, ...change };
  }
  if (surroundings.length === 0) return;
  await record.log(`from step ${step + 1} on ${formatSurroundings(surroundings)}`);
  yield { type: 'surroundings', step, changes: surroundings };
}

async function* warn(
  { record }: SittingOptions,
  step: number,
  warnings: readonly Warning[],
): AsyncGenerator<TrainEvent, void> {
  for (const warning of warnings) {
    await record.log(`warning at step ${step}: ${warning.message}`);
    yield { type: 'warning', step, ...warning };
  }
}
