import type { Config, ConfigChanges } from '../config/index.ts';
import { hasColour } from '../data/index.ts';
import { resolveChanges } from '../models/index.ts';

/** A configuration that suits its data, and what is to be told of that. */
export interface FittedConfig {
  readonly config: Config;
  /** Lines for people; none if there is nothing to tell. */
  readonly notes: readonly string[];
}

/** The configuration that these changes make. Where they leave the channels open and the recipe is for grey images, it takes
 *  the colours of the data. @throws ConfigError, and DataError for a folder without images */
export async function configForData(changes: ConfigChanges): Promise<FittedConfig> {
  const config = resolveChanges(changes);
  if (config.channels !== 1 || !(await hasColour(config.data, config.maxPixels))) return { config, notes: [] };
  if (changes.channels === undefined) {
    const note = `Channels: 3, since the images are in colour; for grey images, as ${config.recipe} has them, say --channels 1`;
    return { config: { ...config, channels: 3 }, notes: [note] };
  }
  return { config, notes: ['Channels: 1, as was asked; the images are in colour and become grey'] };
}
