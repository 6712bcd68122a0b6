import { loadClassifier } from '../classifier/file.ts';
import { describeClassifier, isClassifierName } from '../classifier/index.ts';
import { formatImage, formatSetting, imageShapeOf } from '../config/image_size.ts';
import { ConfigError } from '../errors.ts';
import type { Explorer } from '../explore/index.ts';
import { isAutoencoder } from '../games/equilibrium.ts';
import { elements, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a network makes of images, to compare them by. */
export interface ProjectionFeatures {
  /** Numbers for each image. */
  readonly columns: number;
  /** Images [N,H,W,C] in [-1, 1] -> [N,columns]. */
  apply(images: Tensor): Tensor;
}

/** The features of a name: `encoder`, the descriptors of a BEGAN, or a file of `gannet classifier`, whose penultimate layer they are. Their
 *  weights are on the explorer's device.
 *  @throws ConfigError projection_features; CheckpointError classifier_missing, classifier_format, classifier_corrupt; DeviceError */
export async function openProjectionFeatures(name: string, explorer: Explorer): Promise<ProjectionFeatures> {
  if (name === 'encoder') return encoderFeatures(explorer);
  if (isClassifierName(name)) return classifierFeatures(name, explorer);
  throw new ConfigError(
    'projection_features',
    `--features: expected encoder, or the .safetensors file of a classifier, but received '${name}'`,
  );
}

function encoderFeatures({ session, encode }: Explorer): ProjectionFeatures {
  const { discriminator, config } = session.model;
  if (encode && isAutoencoder(discriminator)) {
    // Whoever projects a BEGAN's images has asked its encoder already, so that its weights are there.
    return { columns: config.latent.size, apply: (images) => discriminator.encode(images, { training: false }) };
  }
  throw new ConfigError(
    'projection_features',
    `--features encoder: only a BEGAN has an encoder, and this run's recipe is '${config.recipe}'; name the .safetensors file of a classifier, or leave the features out`,
  );
}

async function classifierFeatures(path: string, { session }: Explorer): Promise<ProjectionFeatures> {
  const about = await describeClassifier(path);
  const { size, channels } = about.architecture;
  const { config } = session.model;
  const [wanted, found] = [imageShapeOf(config), [...size, channels] as const];
  if (!sameShape(wanted, found)) {
    throw new ConfigError(
      'projection_features',
      `--features: ${path} reads images of ${formatImage(found)}, but the run draws ${formatImage(wanted)}; train one with \`gannet classifier DATA --size ${formatSetting(config.size)} --channels ${config.channels}\``,
    );
  }
  const { body } = await loadClassifier(path, about, session.device);
  return { columns: elements(body.outputShape), apply: (images) => body.apply(images, { training: false }) };
}
