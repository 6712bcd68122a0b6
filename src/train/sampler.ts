import { type DeviceKeys, deviceKeysOf } from '../config/index.ts';
import type { DeviceListener } from '../device/index.ts';
import { recipeOf, validateConfig } from '../models/index.ts';
import { loadCheckpoint } from './checkpoint/checkpoint.ts';
import { MANIFEST_FILE } from './checkpoint/manifest.ts';
import { createModel } from './model.ts';
import { restore, SAMPLING_PARTS } from './persistence.ts';
import { chooseDevice } from './prepare.ts';
import { readProgress } from './progress.ts';
import { readRunFolder } from './run/folder.ts';
import { TrainingSession } from './session.ts';
import { completeConfig, type RecipeChoice, storedConfig } from './stored_config.ts';

/** Which checkpoint of a run, and on which device: that of the run's configuration unless told. */
export interface SamplerOptions extends DeviceKeys, RecipeChoice {
  /** The newest unless told. */
  readonly step?: number | undefined;
  /** Images that are always generated together, 16 unless told. With 1 a single image comes soonest; its last bits may be others than with
   *  16. */
  readonly imagesAtOnce?: number | undefined;
  /** Called once, with the device that is used and why. */
  readonly onDevice?: DeviceListener | undefined;
}

/** A session that only samples: the generator of a run's checkpoint on a device. Its configuration is the one that the checkpoint
 *  was trained with. @throws CheckpointError, ConfigError, DeviceError */
export async function openSampler(
  folder: string,
  { step, onDevice, imagesAtOnce, recipe: chosen, ...options }: SamplerOptions = {},
): Promise<TrainingSession> {
  const stored = await storedConfig(await readRunFolder(folder), { recipe: chosen });
  const recipe = recipeOf(stored);
  const checkpoint = await loadCheckpoint(folder, step === undefined ? {} : { step });
  const { config: written } = readProgress(checkpoint);
  const config = written ? completeConfig(written, recipe, `${checkpoint.folder}/${MANIFEST_FILE}`) : stored;
  const opened = await chooseDevice(validateConfig({ ...stored, ...deviceKeysOf(options) }, recipe), onDevice);
  try {
    const session = TrainingSession.forSampling(createModel(config), opened, imagesAtOnce);
    await restore(session, checkpoint, SAMPLING_PARTS);
    return session;
  } catch (error) {
    opened.close();
    throw error;
  }
}
