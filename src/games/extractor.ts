import { conditionedOn } from '../config/conditioning.ts';
import { imageShapeOf } from '../config/image_size.ts';
import { learnsLabels } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import { gradients } from '../graph/gradients.ts';
import { binaryCrossEntropy, probabilityCrossEntropy } from '../losses/index.ts';
import { MEASURES, type Network } from '../nn/index.ts';
import { add, concat, mul, reshape, sigmoid, slice } from '../ops/index.ts';
import { createOptimizer } from '../optim/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { buildExtractor } from './extractor_network.ts';

/** Reads what the representative variables of a generator stand for off images. */
export interface Extractor {
  /** The network that reads labels, if some are asked for. */
  readonly network?: Network;
  /** That network's variables and those of its training; none of formulas. */
  readonly state: readonly Variable[];
  /** Images [N,H,W,C] -> a number in [0, 1] for each representative variable, [N, representatives]. */
  readings(images: Tensor): Tensor;
  /** The cross entropy of representative variables [N, representatives] with what is read off the images made from them: means over images,
   *  summed over the variables. Scalar. */
  crossEntropy(images: Tensor, representatives: Tensor): Tensor;
  /** Updates the network by real images [N,H,W,C] and their labels [N, labels of the data]; its loss, scalar. Given only where it
   *  is trained beside the others. */
  learn?(real: Tensor, labels: Tensor): Tensor;
}

/** The extractor that a configuration asks for: formulas, and a network for labels. */
export function createExtractor(config: Config): Extractor {
  const { extractor } = config;
  const { measures, labels } = extractor;
  const network = labels.length > 0 ? buildExtractor(imageShapeOf(config), labels.length) : undefined;
  const training = network && learnsLabels(config) ? jointTraining(network, config) : undefined;
  const logits = (images: Tensor): Tensor[] => (network ? [network.apply(images, TRAINING)] : []);
  return {
    ...(network && { network }),
    state: [...(network?.variables ?? []), ...(training?.variables ?? [])],
    readings: (images) =>
      concat([...measures.map((name) => column(MEASURES[name](images))), ...logits(images).map(sigmoid)], 1),
    crossEntropy(images, representatives) {
      const ofMeasures = measures.map((name, i) =>
        probabilityCrossEntropy(column(MEASURES[name](images)), columns(representatives, i, 1)),
      );
      const ofLabels = logits(images).map((values) =>
        // The mean over labels times their number.
        mul(labels.length, binaryCrossEntropy(values, columns(representatives, measures.length, labels.length))),
      );
      return [...ofMeasures, ...ofLabels].reduce((a, b) => add(a, b));
    },
    ...(training && { learn: training.learn }),
  };
}

const TRAINING = { training: true };

/** [N] -> [N,1]. */
const column = (values: Tensor): Tensor => reshape(values, [values.shape[0] as number, 1]);

/** Some columns of a matrix [N,M]. */
const columns = (matrix: Tensor, first: number, count: number): Tensor =>
  slice(matrix, [0, first], [matrix.shape[0] as number, count]);

/** The training of the network on real images: the target of an image is 1 - smoothing for a label that it has, else smoothing. */
function jointTraining(network: Network, config: Config) {
  const { labels, learningRate, smoothing } = config.extractor;
  const { names } = conditionedOn(config);
  const optimizer = createOptimizer(
    'extractor.optimizer',
    { name: 'adam', learningRate, beta1: 0.5, beta2: 0.999 },
    network.parameters,
  );
  const learn = (real: Tensor, ofData: Tensor): Tensor => {
    const present = concat(
      labels.map((name) => columns(ofData, names.indexOf(name), 1)),
      1,
    );
    const targets = add(smoothing, mul(1 - 2 * smoothing, present));
    const loss = binaryCrossEntropy(network.apply(real, TRAINING), targets);
    optimizer.update(gradients(loss, network.parameters.map(read)));
    return loss;
  };
  return { variables: optimizer.variables, learn };
}
