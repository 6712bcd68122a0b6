import type { ImageFormat } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import type { FeatureExtractor } from './extractor.ts';
import { pixelFeatures, projectedPixels } from './pixels.ts';

/** The features that `--features` names. @param format of the images that they are taken of
 *  @throws ConfigError features_unknown */
export async function openFeatures(name: string, format: ImageFormat): Promise<FeatureExtractor> {
  if (name === 'pixels') return pixelFeatures(format);
  if (name === 'projection') return projectedPixels(format);
  throw new ConfigError('features_unknown', `--features: expected pixels or projection, but received '${name}'`);
}
