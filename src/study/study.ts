import { basename, extname, join } from 'node:path';
import { deviceKeysOf } from '../config/index.ts';
import type { DeviceListener } from '../device/index.ts';
import { ConfigError, DivergedError, GannetError } from '../errors.ts';
import { evaluateRun, evaluationName, evaluationsFolder, writeEvaluation } from '../evaluation/index.ts';
import { makeFolder, statOf } from '../files.ts';
import { openFeatures } from '../metrics/index.ts';
import { storageError } from '../storage.ts';
import { resume, type TrainEvent, type TrainOptions, train } from '../train/index.ts';
import { configPath } from '../train/run/folder.ts';
import { lockRun } from '../train/run/lock.ts';
import { parseStudy, readStudyFile, type StudyFile, type StudyPlan } from './file.ts';
import { type StudyReport, writeStudyReport } from './report.ts';
import { rowsOf, runFolder, type StudyRow } from './rows.ts';
import { type Outcome, StudyState } from './state.ts';

/** How a study is carried out. */
export interface StudyOptions extends Pick<TrainOptions, 'signal' | 'onDataProgress'> {
  /** Where its runs and its report go; `runs/study-` and the name of its file if not given. A study without a file needs it. */
  readonly out?: string | undefined;
  /** Called for each run, with the device that is used and why. */
  readonly onDevice?: DeviceListener | undefined;
}

/** What happens while a study is carried out, in order. */
export type StudyEvent =
  | { readonly type: 'study'; readonly folder: string; readonly rows: readonly string[] }
  /** A row begins; `kept`: it had ended before, and nothing is done. */
  | {
      readonly type: 'row';
      readonly row: string;
      /** From 1 on. */
      readonly number: number;
      readonly state: 'new' | 'resumed' | 'kept';
      /** How a kept row had ended. */
      readonly ended?: Outcome['state'] | undefined;
    }
  | { readonly type: 'training'; readonly row: string; readonly event: TrainEvent }
  | ({ readonly type: 'outcome'; readonly row: string } & Outcome)
  | ({ readonly type: 'report' } & StudyReport)
  | { readonly type: 'end'; readonly reason: 'finished' | 'interrupted' };

/** Trains every row of a study that has not ended yet, one after another, and writes a report after each. Started again on the same folder
 *  it goes on where it was. A run that diverges or fails is reported, and the next begins.
 *  @param source the study, or the path of its file
 *  @throws ConfigError study_file, invalid_study, study_duplicate, study_changed, study_out, and what `resolveConfig` throws, before anything
 *  is trained; CheckpointError if the study's folder cannot be written */
export async function* study(source: string | StudyFile, options: StudyOptions = {}): AsyncGenerator<StudyEvent, void> {
  const plan = typeof source === 'string' ? await readStudyFile(source) : parseStudy(source);
  const rows = await rowsOf(plan);
  const folder = folderOf(source, options);
  await makeFolder(folder).catch((error: unknown) => {
    throw storageError(error, 'make the folder', folder, 'choose another with --out');
  });
  const lock = await lockRun(folder);
  try {
    const state = await StudyState.open(folder, rows, plan.evaluation);
    yield { type: 'study', folder, rows: rows.map(({ name }) => name) };
    yield* carryOut({ plan, rows, folder, state, options });
  } finally {
    await lock.release();
  }
}

function folderOf(source: string | StudyFile, { out }: StudyOptions): string {
  if (out !== undefined) return out;
  if (typeof source === 'string') return join('runs', `study-${basename(source, extname(source))}`);
  throw new ConfigError('study_out', 'a study without a file expects the option `out`, the folder of its runs');
}

interface Study {
  readonly plan: StudyPlan;
  readonly rows: readonly StudyRow[];
  readonly folder: string;
  readonly state: StudyState;
  readonly options: StudyOptions;
}

async function* carryOut(study: Study): AsyncGenerator<StudyEvent, void> {
  const { rows, folder, state, options, plan } = study;
  for (const [index, row] of rows.entries()) {
    if (options.signal?.aborted) return yield { type: 'end', reason: 'interrupted' };
    const run = runFolder(folder, row);
    const before = state.outcomeOf(row.name);
    const hasRun = statOf(configPath(run)) !== undefined;
    // The run of a row may have been removed, so that it is trained anew.
    const isTrained = hasRun && before !== undefined && before.state !== 'failed';
    const isDone = isTrained && (!isEvaluable(before, plan) || before.evaluation !== undefined);
    const place = { type: 'row', row: row.name, number: index + 1 } as const;
    if (isDone) {
      yield { ...place, state: 'kept', ended: before.state };
      continue;
    }
    yield { ...place, state: hasRun ? 'resumed' : 'new' };
    if (!isTrained) await state.begin(row);
    const trained = isTrained ? before : yield* trainRow(row, run, options);
    const outcome = trained && (await evaluated(trained, run, study));
    if (!outcome) return yield { type: 'end', reason: 'interrupted' };
    await state.end(row, outcome);
    yield { type: 'outcome', row: row.name, ...outcome };
    yield { type: 'report', ...(await reportOf(study)) };
  }
  yield { type: 'report', ...(await reportOf(study)) };
  yield { type: 'end', reason: 'finished' };
}

const isEvaluable = ({ state }: Outcome, { evaluation }: StudyPlan): boolean =>
  evaluation !== undefined && (state === 'finished' || state === 'collapsed');

/** Trains a row's run to its end, from wherever it is. Undefined if it was interrupted. */
async function* trainRow(
  { name, config }: StudyRow,
  run: string,
  { signal, onDataProgress, onDevice }: StudyOptions,
): AsyncGenerator<StudyEvent, Outcome | undefined> {
  const controls = { signal, onDataProgress, onDevice };
  try {
    let reason: string | undefined;
    const training = statOf(configPath(run))
      ? // Where it computes may be another than before.
        resume(run, { ...controls, ...deviceKeysOf(config) })
      : train(config, { ...controls, out: run });
    for await (const event of training) {
      yield { type: 'training', row: name, event };
      if (event.type === 'end') reason = event.reason;
    }
    return reason === 'interrupted' ? undefined : { state: reason === 'collapsed' ? 'collapsed' : 'finished' };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    if (!(error instanceof GannetError)) throw error;
    return { state: error instanceof DivergedError ? 'diverged' : 'failed', problem: error.message };
  }
}

/** The outcome with the run's evaluation, where the study asks for one. Undefined if it was interrupted. */
async function evaluated(outcome: Outcome, run: string, { plan, options }: Study): Promise<Outcome | undefined> {
  const { evaluation: asked } = plan;
  if (!asked || !isEvaluable(outcome, plan)) return outcome;
  const { signal } = options;
  try {
    const { features, ...settings } = asked;
    const { evaluation } = await evaluateRun(run, {
      ...settings,
      features: (format) => openFeatures(features, format),
      signal,
    });
    const name = evaluationName(evaluation);
    await writeEvaluation(join(evaluationsFolder(run), `${name}.json`), evaluation);
    return { ...outcome, evaluation: name };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    if (!(error instanceof GannetError)) throw error;
    return { ...outcome, problem: `not evaluated: ${error.message}` };
  }
}

const reportOf = ({ plan, rows, folder, state }: Study): Promise<StudyReport> =>
  writeStudyReport({
    plan,
    folder,
    rows: rows.map((row) => ({ ...row, run: runFolder(folder, row), outcome: state.outcomeOf(row.name) })),
  });
