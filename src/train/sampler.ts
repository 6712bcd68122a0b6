import { type DeviceKeys, deviceKeysOf } from '../config/index.ts';
import { validateConfig } from '../models/index.ts';
import { loadCheckpoint } from './checkpoint/checkpoint.ts';
import { MANIFEST_FILE } from './checkpoint/manifest.ts';
import { createModel } from './model.ts';
import { restore, SAMPLING_PARTS } from './persistence.ts';
import { chooseDevice } from './prepare.ts';
import { readProgress } from './progress.ts';
import { readRunFolder } from './run/folder.ts';
import { TrainingSession } from './session.ts';
import { completeConfig, storedConfig } from './stored_config.ts';

/** A session that only samples: the generator of a run's checkpoint on a device. Its configuration is the one that the checkpoint
 *  was trained with. @throws CheckpointError, ConfigError, DeviceError */
export async function openSampler(
  folder: string,
  { step, ...options }: { readonly step?: number | undefined } & DeviceKeys = {},
): Promise<TrainingSession> {
  const stored = storedConfig(await readRunFolder(folder));
  const checkpoint = await loadCheckpoint(folder, step === undefined ? {} : { step });
  const { config: written } = readProgress(checkpoint);
  const config = written ? completeConfig(written, `${checkpoint.folder}/${MANIFEST_FILE}`) : stored;
  const opened = await chooseDevice(validateConfig({ ...stored, ...deviceKeysOf(options) }));
  try {
    const session = TrainingSession.forSampling(createModel(config), opened);
    await restore(session, checkpoint, SAMPLING_PARTS);
    return session;
  } catch (error) {
    opened.close();
    throw error;
  }
}
