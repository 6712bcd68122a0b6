import {
  type Config,
  type ConfigChanges,
  type DeviceKeys,
  deviceKeysOf,
  mergeChanges,
  type Settings,
} from '../config/index.ts';
import type { Dataset } from '../data/dataset.ts';
import { absoluteData, dataExists } from '../data/place.ts';
import type { JsonValue } from '../durable.ts';
import { ConfigError, DataError } from '../errors.ts';
import { recipeOf, resolveChanges } from '../models/index.ts';
import { type Change, differences, expectChangeable } from './changes.ts';
import { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts';
import { abandonAfter, listCheckpoints } from './checkpoint/listing.ts';
import { MANIFEST_FILE } from './checkpoint/manifest.ts';
import { withoutVoidKeys } from './evaluator.ts';
import { recallWeights, takeWeights } from './from_run.ts';
import { applyScale, changedKind } from './learning_rate.ts';
import { runRecorded, type TrainEvent } from './loop.ts';
import { createModel } from './model.ts';
import { restore } from './persistence.ts';
import { type Prepared, prepareTraining, type TrainOptions } from './prepare.ts';
import { beginAnew } from './pretrained.ts';
import { NO_PROGRESS, readProgress, type TrainingProgress } from './progress.ts';
import { follow } from './ranks/follow.ts';
import { ProcessGroup } from './ranks/process_group.ts';
import { describeEnvironment, type StartingWeights } from './run/environment.ts';
import { type Run, readRunFolder, rewriteConfig, rewriteEnvironment } from './run/folder.ts';
import { replaceRecipe } from './run/kept_recipe.ts';
import { lockRun } from './run/lock.ts';
import { shellWord } from './run/shell.ts';
import { beginSitting, nameOf, otherSurroundings, type Sitting } from './run/sittings.ts';
import { TrainingSession } from './session.ts';
import { completeConfig, type RecipeChoice, storedConfig } from './stored_config.ts';

/** How a run is taken up again. */
export interface ResumeOptions extends Omit<TrainOptions, 'out' | 'from'>, DeviceKeys, RecipeChoice {
  /** Train up to this step in place of the configured one. */
  readonly steps?: number | undefined;
  /** Go on from this step's checkpoint in place of the newest; 0 begins anew. */
  readonly step?: number | undefined;
  /** Where the images are now; they must be the same. */
  readonly data?: string | undefined;
  /** Keys that are to be others from now on, such as { generator: { learningRate: 1e-4 } }. */
  readonly changes?: (Settings & { readonly options?: Readonly<Record<string, unknown>> }) | undefined;
}

/** Goes on with a run from its newest checkpoint, to the very bits that an unbroken run would reach; from its beginning if it has
 *  none yet. Keys that were changed since, by `changes` or in config.json, hold from then on and are told.
 *  @throws CheckpointError, ConfigError change_refused, and what `train` throws */
export async function* resume(folder: string, options: ResumeOptions = {}): AsyncGenerator<TrainEvent, void> {
  const run = await readRunFolder(folder);
  if (options.ranks && options.ranks.rank > 0) {
    yield* goOn(run, options);
    return;
  }
  const lock = await lockRun(folder);
  try {
    yield* goOn(run, options);
  } finally {
    await lock.release();
  }
}

async function* goOn(run: Run, options: ResumeOptions): AsyncGenerator<TrainEvent, void> {
  const { folder } = run;
  const stored = await storedConfig(run, options);
  const start = await findStart(run, stored, options.step);
  const wanted = withOptions(stored, options);
  if (start.checkpoint) expectChangeable(differences(start.config, wanted), start.config, start.checkpoint.folder);
  if (wanted.epochs === undefined) expectStepsAhead(wanted.steps, start);
  const images = options.dataset ? stored.data : findData(run, stored, options);
  const prepared = await prepareTraining({ ...wanted, data: images }, options);
  const { config, dataset, device } = prepared;
  try {
    // Only the images tell how many steps an epoch has.
    expectStepsAhead(config.steps, start);
    const place = [start.progress.step, start.progress.data];
    const group = options.ranks && (await ProcessGroup.of(options.ranks, prepared, place));
    const session = await TrainingSession.open(createModel(config, group?.share), device, group?.share);
    if (group && !group.isFirst) {
      const { step, data: position } = start.progress;
      yield* follow({ session, dataset, group, step, position, signal: options.signal });
      return;
    }
    const weights = start.checkpoint ? undefined : run.environment?.weights;
    await takeUp(session, start, dataset, weights);
    const { checkpoint } = start;
    // Only what was prepared tells the network of an evaluation.
    const changes = differences(start.config, config);
    const from = progressUnder(changes, start);
    const sittings = run.environment?.sittings ?? [];
    const sitting = beginSitting(device, from.step, group?.ranks.ranks);
    await rewriteRun(run, stored, prepared, options, [...sittings, sitting]);
    const ofRecipe = options.recipe === undefined ? [] : await replaceRecipe(folder, recipeOf(config));
    await abandonAfter(folder, from.step);
    const surroundings = otherSurroundings(sittings, sitting);
    yield* runRecorded(
      {
        session,
        dataset,
        group,
        from,
        weights,
        changes: [...ofRecipe, ...changes],
        surroundings,
        checkpoint: checkpoint?.folder,
        signal: options.signal,
      },
      folder,
    );
  } finally {
    device.close();
  }
}

/** Where a run is taken up. */
interface Start {
  /** Undefined at the run's beginning. */
  readonly checkpoint?: Checkpoint;
  readonly progress: TrainingProgress;
  /** What was trained with up to there. */
  readonly config: Config;
}

async function findStart({ folder }: Run, stored: Config, step: number | undefined): Promise<Start> {
  const entries = await listCheckpoints(folder);
  if (step === 0 || (step === undefined && entries.length === 0)) return { progress: NO_PROGRESS, config: stored };
  const checkpoint = await loadCheckpoint(folder, step === undefined ? {} : { step });
  const { best, ...progress } = readProgress(checkpoint);
  // Version 0.1 told the best in best.json only.
  const marked = entries.find((entry) => entry.best && entry.step <= checkpoint.step);
  const measure = progress.decay?.best;
  const known = best ?? (marked && measure !== undefined ? { step: marked.step, measure } : undefined);
  return {
    checkpoint,
    progress: { ...progress, ...(known && { best: known }) },
    config: progress.config
      ? completeConfig(progress.config, recipeOf(stored), `${checkpoint.folder}/${MANIFEST_FILE}`)
      : stored,
  };
}

/** The progress that a run goes on from with changed keys. */
function progressUnder(changes: readonly Change[], { progress }: Start): TrainingProgress {
  const { decay, step } = progress;
  const isAnotherKind = changes.some(({ key }) => key === 'learningRateDecay.kind');
  return decay && isAnotherKind ? { ...progress, decay: changedKind(decay, step) } : progress;
}

function withOptions(stored: Config, { steps, changes: wanted = {}, ...options }: ResumeOptions): Config {
  const changes: ConfigChanges = wanted;
  if (changes.data !== undefined)
    throw new ConfigError('change_refused', 'data: name where the images are now by --data; they must be the same');
  const given = { ...(steps !== undefined && { steps }), ...deviceKeysOf(options) };
  const recipe = changes.recipe ?? recipeOf(stored);
  return resolveChanges({ ...[changes, given].reduce(mergeChanges, withoutVoidKeys(stored, changes)), recipe });
}

function expectStepsAhead(steps: number, { checkpoint, progress }: Start): void {
  if (!checkpoint || steps >= progress.step) return;
  throw new ConfigError(
    'steps_passed',
    `${checkpoint.folder} is past step ${steps}; name a later one with --steps, or an earlier checkpoint with --step`,
  );
}

/** Where a run's images are: where it is told, else where they were, else what its configuration says is looked for here.
 *  @throws DataError data_moved */
function findData({ folder, environment }: Run, { data }: Config, options: ResumeOptions): string {
  if (options.data !== undefined) return options.data;
  const place = environment?.data ?? absoluteData(data);
  const found = [place, data].find(dataExists);
  if (found !== undefined) return found;
  throw new DataError(
    'data_moved',
    `the images of ${folder} are no longer in ${place}. Name where they are now: \`gannet resume ${shellWord(folder)} --data FOLDER\``,
  );
}

async function takeUp(
  session: TrainingSession,
  { checkpoint, progress }: Start,
  dataset: Dataset,
  weights: StartingWeights | undefined,
): Promise<void> {
  if (!checkpoint) {
    await beginAnew(session, dataset);
    if (weights) await takeWeights(session, await recallWeights(weights, session.model));
    return;
  }
  await restore(session, checkpoint);
  // The checkpoint holds the rates it was trained with; those of the configuration may be others by now.
  await applyScale(session, progress.decay?.scale ?? 1);
}

/** Makes the run's folder say what is trained with from now on. Where and how it computes, `options` say for
 *  this sitting alone. */
async function rewriteRun(
  run: Run,
  stored: Config,
  { config, device }: Prepared,
  options: ResumeOptions,
  sittings: readonly Sitting[],
): Promise<void> {
  const { folder, environment } = run;
  const data = options.data ?? stored.data;
  const kept = { ...config, ...deviceKeysOf(mergeChanges(stored, options.changes ?? {})), data };
  if (JSON.stringify(kept) !== JSON.stringify(stored)) await rewriteConfig(folder, kept as unknown as JsonValue);
  const place = options.data === undefined ? {} : { data: absoluteData(data) };
  await rewriteEnvironment(
    folder,
    environment
      ? { ...environment, ...place, sittings }
      : await describeEnvironment({ device: nameOf(device), seed: config.seed, data: absoluteData(data), sittings }),
  );
}
