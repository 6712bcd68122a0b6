import type { Config, ConfigChanges } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import type { Monitors } from '../losses/index.ts';
import { recallConfig } from '../models/index.ts';
import { monitorsOf } from './model.ts';
import { configPath, type Run, readRunFolder } from './run/folder.ts';

/** A configuration that was written with a run; keys that it was made without have the recipe's values. `path` is the file that
 *  holds it, for errors. @throws ConfigError */
export function completeConfig(written: ConfigChanges, path: string): Config {
  try {
    return recallConfig(written);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

/** A run's configuration, as its config.json says. @throws ConfigError */
export const storedConfig = ({ config, folder }: Run): Config => completeConfig(config, configPath(folder));

/** What a run's metrics are, by name. @throws CheckpointError, ConfigError */
export const readMonitors = async (folder: string): Promise<Monitors> =>
  monitorsOf(storedConfig(await readRunFolder(folder)));
