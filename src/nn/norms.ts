import { ConfigError } from '../errors.ts';
import {
  add,
  allButChannel,
  assign,
  batchNorm,
  broadcast,
  fill,
  layerNorm,
  type Moments,
  matmul,
  moments,
  mul,
  normalizeWith,
  perChannel,
  virtualBatchNorm,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { batchNormInParts, momentsOfParts } from './batch_parts.ts';
import { ones, zeros } from './initializers.ts';
import { type Layer, type Pass, parameter, statistic } from './layer.ts';
import { labelsOf } from './pass_labels.ts';

/** What a layer can normalise by: nothing, the batch (per channel), the layer (per sample), or virtual batch norm: a fixed reference
 *  batch and the sample itself (per channel). */
export const NORMS = ['none', 'batch', 'layer', 'virtual'] as const;
/** One of NORMS. */
export type Norm = (typeof NORMS)[number];

/** A norm and its settings. */
export interface NormOptions {
  /** Default: none. */
  readonly norm?: Norm;
  /** What is added to the variance; default 1e-5. */
  readonly epsilon?: number;
  /** What batch norm keeps of its running moments at each update; default 0.9. */
  readonly momentum?: number;
  /** Labels for each of which batch norm and virtual batch norm have a gain and a bias that are added to those of all; default 0.
   *  @see arXiv:1707.00683 */
  readonly labels?: number;
  /** Samples in the reference batch of virtual batch norm; default 64. */
  readonly referenceBatch?: number;
}

/** Normalises x; `hiddenBias` is a bias that x would have but for the norm taking it away again. */
export interface Normalizer {
  (x: Tensor, pass: Pass, hiddenBias?: Variable): Tensor;
  readonly variables: readonly Variable[];
  /** What a layer with this norm is. */
  readonly traits: Pick<Layer, 'mixesSamples' | 'hasBatchNorm' | 'referenceBatch'>;
  /** Whether a number that is added to a whole channel while training is taken away again. */
  readonly centresChannels: boolean;
}

const NAMES: Readonly<Record<Norm, string>> = {
  none: 'none norm',
  batch: 'batch norm',
  layer: 'layer norm',
  virtual: 'virtual batch norm',
};

/** What a norm is called, such as `conditional batch norm`. */
export const describeNorm = ({ norm = 'none', labels = 0 }: NormOptions): string =>
  `${labels > 0 ? 'conditional ' : ''}${NAMES[norm]}`;

/** The norm of a layer whose output has so many channels. @param path of its variables */
export const createNorm = (path: string, channels: number, options: NormOptions): Normalizer => {
  const { norm = 'none', epsilon = 1e-5, momentum = 0.9, labels = 0, referenceBatch = 64 } = options;
  return NORMALIZERS[norm](path, channels, { epsilon, momentum, labels, referenceBatch });
};

type NormalizerBuilder = (path: string, channels: number, options: Required<Omit<NormOptions, 'norm'>>) => Normalizer;

const NORMALIZERS: Readonly<Record<Norm, NormalizerBuilder>> = {
  none: () =>
    Object.assign((x: Tensor) => x, { variables: [], traits: { mixesSamples: false }, centresChannels: false }),
  layer: (path, channels, { epsilon }) => {
    const gain = parameter(`${path}.gain`, [channels], ones);
    const bias = parameter(`${path}.bias`, [channels], zeros);
    return Object.assign((x: Tensor) => layerNorm(x, read(gain), read(bias), epsilon), {
      variables: [gain, bias],
      traits: { mixesSamples: false },
      centresChannels: false,
    });
  },
  batch: (path, channels, { epsilon, momentum, labels }) => {
    const track = (running: Variable, current: Tensor) =>
      assign(running, add(mul(momentum, read(running)), mul(1 - momentum, current)));
    const normalizer = perChannelNorm(path, channels, labels, ({ x, kept, scale, shift, pass, hiddenBias }) => {
      if (!pass.training) return normalizeWith(readMoments(kept), x, scale, shift, epsilon);
      const { parts } = pass;
      const current = parts ? momentsOfParts(x, parts) : moments(x, allButChannel(x.shape));
      if (!pass.measure) {
        const batch = withBias(current, hiddenBias);
        track(kept.mean, batch.mean);
        track(kept.variance, batch.variance);
      }
      return parts ? batchNormInParts(x, scale, shift, epsilon, parts) : batchNorm(x, scale, shift, epsilon);
    });
    return Object.assign(normalizer, { traits: { mixesSamples: true, hasBatchNorm: true }, centresChannels: true });
  },
  virtual: (path, channels, { epsilon, labels, referenceBatch }) => {
    const normalizer = perChannelNorm(path, channels, labels, ({ x, kept, scale, shift, pass, hiddenBias }) => {
      const { training, measure, reference } = pass;
      if (training && measure) {
        const batch = moments(x, allButChannel(x.shape));
        measure(path, batch);
        const biased = withBias(batch, hiddenBias);
        assign(kept.mean, biased.mean);
        assign(kept.variance, biased.variance);
        return batchNorm(x, scale, shift, epsilon);
      }
      const of = training ? reference?.get(path) : readMoments(kept);
      if (of) return virtualBatchNorm({ ...of, size: referenceBatch }, x, scale, shift, epsilon);
      throw new ConfigError(
        'reference_missing',
        `${path}: virtual batch norm while training needs the moments of a reference batch in the pass; take them with nn.measureReference, or have the networks applied by play.generate and play.discriminate`,
      );
    });
    return Object.assign(normalizer, { traits: { mixesSamples: false, referenceBatch }, centresChannels: true });
  },
};

/** What is kept for sampling, each [C]. */
type KeptMoments = Readonly<Record<keyof Moments, Variable>>;

const readMoments = ({ mean, variance }: KeptMoments): Moments => ({ mean: read(mean), variance: read(variance) });

/** The moments of what has this bias besides. */
const withBias = ({ mean, variance }: Moments, bias: Variable | undefined): Moments => ({
  mean: bias ? add(mean, read(bias)) : mean,
  variance,
});

/** A norm that brings each channel to mean 0 and variance 1, then scales and shifts it, by the labels of a sample too where there are
 *  some. It keeps moments for sampling. */
function perChannelNorm(
  path: string,
  channels: number,
  labels: number,
  standardize: (of: {
    readonly x: Tensor;
    readonly kept: KeptMoments;
    /** [C] */
    readonly scale: Tensor;
    /** [C] */
    readonly shift: Tensor;
    readonly pass: Pass;
    readonly hiddenBias: Variable | undefined;
  }) => Tensor,
) {
  const gain = parameter(`${path}.gain`, [channels], ones);
  const bias = parameter(`${path}.bias`, [channels], zeros);
  const mean = statistic(`${path}.mean`, [channels], zeros);
  const variance = statistic(`${path}.variance`, [channels], ones);
  const kept = { mean, variance };
  const ofLabels = labels > 0 ? labelScales(path, labels, channels) : undefined;
  const normalize = (x: Tensor, pass: Pass, hiddenBias?: Variable): Tensor => {
    const of = { x, kept, pass, hiddenBias };
    if (!ofLabels) return standardize({ ...of, scale: read(gain), shift: read(bias) });
    const standard = standardize({ ...of, scale: fill(1, [channels]), shift: fill(0, [channels]) });
    return ofLabels.apply(standard, { gain: read(gain), bias: read(bias) }, pass);
  };
  return Object.assign(normalize, { variables: [gain, bias, mean, variance, ...(ofLabels?.variables ?? [])] });
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
