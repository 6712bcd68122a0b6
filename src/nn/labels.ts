import { add, broadcast, concat, flatten, matmul, mul, reduceSum, reshape } from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import { elements } from '../tensor/shape.ts';
import { read } from '../tensor/trace.ts';
import type { Initializer } from '../tensor/variable.ts';
import { normal, zeros } from './initializers.ts';
import { type LayerBuilder, lastName, parameter } from './layer.ts';
import { labelsOf } from './pass_labels.ts';
import { spectralNorm } from './spectral.ts';
import { addBias } from './transform.ts';

/** How networks may be told the labels of images; `none`: they are not. */
export const CONDITIONS = ['none', 'oneHot', 'channels', 'embedding', 'projection'] as const;

/** Labels beside features. x [N,...] of A numbers per sample -> x flattened and behind it the pass's labels as they are:
 *  [N, A + labels]. @throws ConfigError labels_missing, when it is applied by a pass without labels */
export const besideLabels =
  (labels: number): LayerBuilder =>
  (path, inputShape) => ({
    name: lastName(path),
    description: `with ${labels} labels`,
    inputShape,
    outputShape: [elements(inputShape) + labels],
    variables: [],
    mixesSamples: false,
    apply: (x, pass) => scoped(lastName(path), () => concat([flatten(x), labelsOf(pass, path)], 1)),
  });

/** Embeddings beside features. x [N,...] of A numbers per sample -> x flattened and behind it labels E: [N, A + size]. Of a class that
 *  is its row of E, of attributes the sum of theirs. Variable: weight, E [labels,size].
 *  @param weights default: normal with deviation 1, that of normal latents. Uniform ones in [-1, 1) have 0.58: beside few of them the
 *  images of a class begin alike, so give normal(0.58) then
 *  @throws ConfigError labels_missing, when it is applied by a pass without labels */
export const besideEmbedding =
  (labels: number, size: number, weights: Initializer = normal(1)): LayerBuilder =>
  (path, inputShape) => {
    const table = parameter(`${path}.weight`, [labels, size], weights);
    return {
      name: lastName(path),
      description: `with embedding ${labels}x${size}`,
      inputShape,
      outputShape: [elements(inputShape) + size],
      variables: [table],
      mixesSamples: false,
      apply: (x, pass) =>
        scoped(lastName(path), () => concat([flatten(x), matmul(labelsOf(pass, path), read(table))], 1)),
    };
  };

/** Labels as channels of images: x [N,H,W,C] -> [N, H, W, C + labels], each label the same at all pixels.
 *  @throws ConfigError labels_missing, when it is applied by a pass without labels */
export const labelChannels =
  (labels: number): LayerBuilder =>
  (path, inputShape) => {
    const [height, width, channels] = inputShape as [number, number, number];
    return {
      name: lastName(path),
      description: `with ${labels} label channels`,
      inputShape,
      outputShape: [height, width, channels + labels],
      variables: [],
      mixesSamples: false,
      apply: (x, pass) =>
        scoped(lastName(path), () => {
          const vectors = labelsOf(pass, path);
          const maps = broadcast(vectors, [1, 2], [x.shape[0] as number, height, width, labels]);
          return concat([x, maps], 3);
        }),
    };
  };

/** How the weights of a projection discriminator begin, and whether they are normalised. */
export interface ProjectionOptions {
  /** Default: normal with deviation 0.02. */
  readonly weights?: Initializer;
  /** Default false. */
  readonly spectral?: boolean;
}

/** The verdict of a projection discriminator: x [N,...] of A numbers per sample -> x w + b + <labels V, x>, [N,1]. Variables: weight
 *  [A,1], bias [1], and projection, V [labels,A]; with `spectral`, w and V are divided by their largest singular values. @see arXiv:1802.05637
 *  @throws ConfigError labels_missing, when it is applied by a pass without labels */
export const labelProjection =
  (labels: number, { weights = normal(0.02), spectral = false }: ProjectionOptions = {}): LayerBuilder =>
  (path, inputShape) => {
    const inputs = elements(inputShape);
    const weight = parameter(`${path}.weight`, [inputs, 1], weights);
    const bias = parameter(`${path}.bias`, [1], zeros);
    const projection = parameter(`${path}.projection`, [labels, inputs], weights);
    const norms = spectral
      ? { weight: spectralNorm(path, weight.shape), projection: spectralNorm(projection.name, projection.shape) }
      : undefined;
    return {
      name: lastName(path),
      description: `linear, projection of ${labels} labels${norms ? ', spectral norm' : ''}`,
      inputShape,
      outputShape: [1],
      variables: [weight, bias, projection, ...Object.values(norms ?? {}).flatMap(({ variables }) => variables)],
      mixesSamples: false,
      apply: (x, pass) =>
        scoped(lastName(path), () => {
          const features = flatten(x);
          const ofFeatures = norms ? norms.weight.normalize(read(weight), pass) : read(weight);
          const ofLabels = norms ? norms.projection.normalize(read(projection), pass) : read(projection);
          const directions = matmul(labelsOf(pass, path), ofLabels);
          const agreement = reshape(reduceSum(mul(features, directions), [1]), [x.shape[0] as number, 1]);
          return add(addBias(matmul(features, ofFeatures), read(bias)), agreement);
        }),
    };
  };
