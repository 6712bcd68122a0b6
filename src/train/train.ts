import type { Config, ConfigChanges } from '../config/index.ts';
import { absoluteData } from '../data/place.ts';
import type { JsonValue } from '../durable.ts';
import { type RecipeSettings, recipeOf, resolveChanges } from '../models/index.ts';
import { planWeights, takeWeights } from './from_run.ts';
import { runRecorded, type TrainEvent } from './loop.ts';
import { createModel } from './model.ts';
import { prepareTraining, type TrainOptions } from './prepare.ts';
import { beginAnew, withExtractor } from './pretrained.ts';
import { NO_PROGRESS } from './progress.ts';
import { follow } from './ranks/follow.ts';
import { ProcessGroup } from './ranks/process_group.ts';
import { describeEnvironment } from './run/environment.ts';
import { createRunFolder } from './run/folder.ts';
import { lockRun } from './run/lock.ts';
import { beginSitting, nameOf } from './run/sittings.ts';
import { TrainingSession } from './session.ts';

/** Trains a GAN from the start, telling what happens as it happens: a whole configuration, or a recipe and what differs from it. Breaking out of the loop stops training without saving;
 *  `signal` stops it with a checkpoint.
 *  @throws ConfigError, DataError, DeviceError, CheckpointError, DivergedError */
export async function* train<O extends object>(
  asked: Config | RecipeSettings<O>,
  options: TrainOptions = {},
): AsyncGenerator<TrainEvent, void> {
  const wanted = await withExtractor(resolveChanges(asked as ConfigChanges));
  const prepared = await prepareTraining(wanted, options);
  const { config, dataset, device } = prepared;
  try {
    const group = options.ranks && (await ProcessGroup.of(options.ranks, prepared));
    const session = await TrainingSession.open(createModel(config, group?.share), device, group?.share);
    if (group && !group.isFirst) {
      yield* follow({ session, dataset, group, step: 0, signal: options.signal });
      return;
    }
    const plan = options.from && (await planWeights(options.from, session.model));
    const environment = await describeEnvironment({
      device: nameOf(device),
      seed: config.seed,
      data: absoluteData(config.data),
      ...(plan && { weights: plan.weights }),
      sittings: [beginSitting(device, 0, group?.ranks.ranks)],
    });
    const { folder } = await createRunFolder({
      recipe: recipeOf(config),
      config: config as unknown as { [key: string]: JsonValue },
      environment,
      ...(options.out !== undefined && { out: options.out }),
    });
    const lock = await lockRun(folder);
    try {
      await beginAnew(session, dataset);
      if (plan) await takeWeights(session, plan);
      const weights = plan?.weights;
      yield* runRecorded({ session, dataset, group, from: NO_PROGRESS, weights, signal: options.signal }, folder);
    } finally {
      await lock.release();
    }
  } finally {
    device.close();
  }
}
