import { isClassifierName } from '../../classifier/index.ts';
import type { ImageFormat } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { classifierFeatures } from './classifier.ts';
import type { FeatureExtractor } from './extractor.ts';
import { onnxFeatures } from './onnx.ts';
import { pixelFeatures, projectedPixels } from './pixels.ts';

/** Whether features are named by the file of a network. */
export const isNetworkFile = (name: string): boolean => isClassifierName(name) || isOnnxName(name);

const isOnnxName = (name: string): boolean => /\.onnx$/i.test(name);

/** How a network is applied. */
export interface OpenFeaturesOptions {
  /** Of the processor; 0, all, if not given. */
  readonly threads?: number | undefined;
}

/** The features that `--features` names: pixels, projection, or a file of a network. @param format of the images that they are taken of
 *  @throws ConfigError features_unknown, and what opening the network throws */
export async function openFeatures(
  name: string,
  format: ImageFormat,
  options: OpenFeaturesOptions = {},
): Promise<FeatureExtractor> {
  if (name === 'pixels') return pixelFeatures(format);
  if (name === 'projection') return projectedPixels(format);
  if (isClassifierName(name)) return classifierFeatures(name, options);
  if (isOnnxName(name)) return onnxFeatures(name, options);
  throw new ConfigError(
    'features_unknown',
    `--features: expected pixels, projection, the .safetensors file of a classifier, or an .onnx file, but received '${name}'`,
  );
}
