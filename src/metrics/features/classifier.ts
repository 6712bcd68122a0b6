import { openClassifier } from '../../classifier/index.ts';
import { openDevice } from '../../device/index.ts';
import type { FeatureExtractor } from './extractor.ts';
import { networkInput } from './network_input.ts';

/** Features of a classifier that `gannet classifier` has trained: its penultimate layer, and the probabilities of its classes. It is
 *  applied on the processor, so that figures do not depend on the device that a run is on.
 *  @param path of either of its files @throws CheckpointError classifier_missing, classifier_format, classifier_corrupt */
export async function classifierFeatures(
  path: string,
  { threads = 0 }: { readonly threads?: number | undefined } = {},
): Promise<FeatureExtractor> {
  const device = openDevice('cpu', { threads });
  try {
    const { about, runner } = await openClassifier(path, device);
    const { name, architecture, classes, sha256 } = about;
    return {
      name,
      hash: sha256,
      columns: architecture.features,
      classes,
      extract: (images) => runner.run(networkInput(images, architecture).map((value) => value / 127.5 - 1)),
      close: () => device.close(),
    };
  } catch (error) {
    device.close();
    throw error;
  }
}
