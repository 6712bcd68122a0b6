import {
  add,
  allButChannel,
  assign,
  batchNorm,
  broadcast,
  fill,
  layerNorm,
  matmul,
  moments,
  mul,
  normalizeWith,
  perChannel,
} from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import { axisSize } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Initializer, Variable } from '../tensor/variable.ts';
import { type Activation, activate } from './activation.ts';
import { dropUnits } from './dropout.ts';
import { normal, ones, zeros } from './initializers.ts';
import { type LayerBuilder, lastName, type Pass, parameter, statistic } from './layer.ts';
import { labelsOf } from './pass_labels.ts';
import { spectralNorm } from './spectral.ts';
import { addBias, type Transform, type TransformBuilder } from './transform.ts';

/** What a block can normalise by: nothing, the batch (per channel), or the layer (per sample). */
export const NORMS = ['none', 'batch', 'layer'] as const;
/** One of NORMS. */
export type Norm = (typeof NORMS)[number];

/** What a block is made of, in the order it is applied. */
export interface BlockOptions {
  readonly transform: TransformBuilder;
  readonly norm?: Norm;
  readonly activation?: Activation;
  /** Whether the activation comes before the norm; default false. */
  readonly activationFirst?: boolean;
  /** Whether the transform has a bias; default true. */
  readonly bias?: boolean;
  /** Default: normal with deviation 0.02. */
  readonly weights?: Initializer;
  /** Whether the weight is divided by its largest singular value, beside any norm of activations; default false. */
  readonly spectral?: boolean;
  /** The part of the activations that is zeroed while training, the last thing that is done; default 0. */
  readonly dropout?: number;
  readonly epsilon?: number;
  /** What batch norm keeps of its running moments at each update; default 0.9. */
  readonly momentum?: number;
  /** Labels for each of which batch norm has a gain and a bias that are added to those of all; default 0. @see arXiv:1707.00683 */
  readonly labels?: number;
}

/** A super layer: a linear transform, a norm and an activation. Variables: weight, bias, and with a norm norm.gain, norm.bias,
 *  and with batch norm the running norm.mean and norm.variance (biased, as the normalisation uses it), where it is conditional
 *  norm.labelGain and norm.labelBias; spectral.u and spectral.v where the weight is normalised.
 *  @throws ConfigError dropout_random, as `dropout`; labels_missing, when a conditional one is applied by a pass without labels */
export const block =
  (options: BlockOptions): LayerBuilder =>
  (path, inputShape) => {
    const { norm = 'none', activation = 'none', activationFirst = false, dropout = 0 } = options;
    const transform = options.transform(inputShape);
    const { weight, bias, normalize } = makeVariables(path, options, transform);
    const spectral = options.spectral ? spectralNorm(path, transform.weightShape) : undefined;
    const annihilatesBias = norm === 'batch' && !activationFirst && transform.biasShape.length === 1;

    const apply = (x: Tensor, pass: Pass): Tensor => {
      const y = transform.apply(x, spectral ? spectral.normalize(read(weight), pass) : read(weight));
      // Batch norm subtracts each channel's mean, and with it a bias per channel: that then takes part in nothing but the running mean.
      if (annihilatesBias && pass.training) return activate(activation, normalize(y, pass, bias));
      const biased = bias ? addBias(y, read(bias)) : y;
      return activationFirst
        ? normalize(activate(activation, biased), pass)
        : activate(activation, normalize(biased, pass));
    };
    const normName = `${options.labels ? 'conditional ' : ''}${norm} norm`;
    const normAndActivation = [norm === 'none' ? '' : normName, activation === 'none' ? '' : activation];
    const parts = [
      transform.description,
      spectral ? 'spectral norm' : '',
      ...(activationFirst ? normAndActivation.reverse() : normAndActivation),
      dropout > 0 ? `dropout ${dropout}` : '',
    ];
    return {
      name: lastName(path),
      description: parts.filter(Boolean).join(', '),
      inputShape,
      outputShape: transform.outputShape,
      mixesSamples: norm === 'batch',
      variables: [weight, ...(bias ? [bias] : []), ...normalize.variables, ...(spectral?.variables ?? [])],
      apply: (x, pass) => scoped(lastName(path), () => dropUnits(apply(x, pass), dropout, pass, path)),
    };
  };

/** A norm and an activation by themselves, such as behind a pooling. Settings as in `block`. */
export const normalization =
  ({
    norm = 'batch',
    activation = 'none',
    epsilon = 1e-5,
    momentum = 0.9,
  }: Pick<BlockOptions, 'norm' | 'activation' | 'epsilon' | 'momentum'>): LayerBuilder =>
  (path, inputShape) => {
    const normalize = NORMALIZERS[norm](`${path}.norm`, axisSize(inputShape, -1), { epsilon, momentum, labels: 0 });
    return {
      name: lastName(path),
      description: `${norm} norm, ${activation}`,
      inputShape,
      outputShape: inputShape,
      mixesSamples: norm === 'batch',
      variables: normalize.variables,
      apply: (x, pass) => scoped(lastName(path), () => activate(activation, normalize(x, pass))),
    };
  };

function makeVariables(path: string, options: BlockOptions, { weightShape, biasShape, outputShape }: Transform) {
  const { weights = normal(0.02), bias = true, norm = 'none', epsilon = 1e-5, momentum = 0.9, labels = 0 } = options;
  return {
    weight: parameter(`${path}.weight`, weightShape, weights),
    bias: bias ? parameter(`${path}.bias`, biasShape, zeros) : undefined,
    normalize: NORMALIZERS[norm](`${path}.norm`, axisSize(outputShape, -1), { epsilon, momentum, labels }),
  };
}

/** Normalises x; `hiddenBias` is a bias that x would have but for the norm taking it away again. */
interface Normalizer {
  (x: Tensor, pass: Pass, hiddenBias?: Variable): Tensor;
  readonly variables: readonly Variable[];
}

/** Gains and biases [labels,C] of the labels of a sample, which are added to those of all. Of attributes, each that a sample has counts. */
function labelScales(path: string, labels: number, channels: number) {
  const labelGain = parameter(`${path}.labelGain`, [labels, channels], zeros);
  const labelBias = parameter(`${path}.labelBias`, [labels, channels], zeros);
  const apply = (x: Tensor, ofAll: { gain: Tensor; bias: Tensor }, pass: Pass): Tensor => {
    const vectors = labelsOf(pass, path);
    const overPixels = x.shape.slice(1, -1).map((_, i) => i + 1);
    const perSampleAndChannel = (shared: Tensor, ofLabels: Variable): Tensor => {
      const own = matmul(vectors, read(ofLabels));
      return broadcast(add(own, perChannel(shared, own.shape)), overPixels, x.shape);
    };
    const scaled = mul(x, perSampleAndChannel(ofAll.gain, labelGain));
    return add(scaled, perSampleAndChannel(ofAll.bias, labelBias));
  };
  return { variables: [labelGain, labelBias], apply };
}

type NormalizerBuilder = (
  path: string,
  channels: number,
  options: Required<Pick<BlockOptions, 'epsilon' | 'momentum' | 'labels'>>,
) => Normalizer;

const NORMALIZERS: Record<Norm, NormalizerBuilder> = {
  none: () => Object.assign((x: Tensor) => x, { variables: [] }),
  layer: (path, channels, { epsilon }) => {
    const gain = parameter(`${path}.gain`, [channels], ones);
    const bias = parameter(`${path}.bias`, [channels], zeros);
    return Object.assign((x: Tensor) => layerNorm(x, read(gain), read(bias), epsilon), { variables: [gain, bias] });
  },
  batch: (path, channels, { epsilon, momentum, labels }) => {
    const gain = parameter(`${path}.gain`, [channels], ones);
    const bias = parameter(`${path}.bias`, [channels], zeros);
    const mean = statistic(`${path}.mean`, [channels], zeros);
    const variance = statistic(`${path}.variance`, [channels], ones);
    const track = (running: Variable, current: Tensor) =>
      assign(running, add(mul(momentum, read(running)), mul(1 - momentum, current)));
    const ofLabels = labels > 0 ? labelScales(path, labels, channels) : undefined;
    const standardize = (x: Tensor, training: boolean, scale: Tensor, shift: Tensor): Tensor =>
      training
        ? batchNorm(x, scale, shift, epsilon)
        : normalizeWith({ mean: read(mean), variance: read(variance) }, x, scale, shift, epsilon);
    const normalize = (x: Tensor, pass: Pass, hiddenBias?: Variable): Tensor => {
      const { training } = pass;
      if (training) trackMoments(x, hiddenBias);
      if (!ofLabels) return standardize(x, training, read(gain), read(bias));
      const standard = standardize(x, training, fill(1, [channels]), fill(0, [channels]));
      return ofLabels.apply(standard, { gain: read(gain), bias: read(bias) }, pass);
    };
    const trackMoments = (x: Tensor, hiddenBias?: Variable): void => {
      const batch = moments(x, allButChannel(x.shape));
      track(mean, hiddenBias ? add(batch.mean, read(hiddenBias)) : batch.mean);
      track(variance, batch.variance);
    };
    return Object.assign(normalize, { variables: [gain, bias, mean, variance, ...(ofLabels?.variables ?? [])] });
  },
};
