import { scoped } from '../tensor/scope.ts';
import { axisSize } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Initializer } from '../tensor/variable.ts';
import { type Activation, activate } from './activation.ts';
import { dropUnits } from './dropout.ts';
import { normal, zeros } from './initializers.ts';
import { type LayerBuilder, lastName, type Pass, parameter } from './layer.ts';
import { createNorm, describeNorm, type NormOptions } from './norms.ts';
import { spectralNorm } from './spectral.ts';
import { addBias, type Transform, type TransformBuilder } from './transform.ts';

/** What a block is made of, in the order it is applied. */
export interface BlockOptions extends NormOptions {
  readonly transform: TransformBuilder;
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
}

/** A super layer: a linear transform, a norm and an activation. Variables: weight, bias, and with a norm norm.gain, norm.bias,
 *  with batch norm the running norm.mean and norm.variance (biased, as the normalisation uses it), with virtual batch norm those of the
 *  reference batch; where either is conditional norm.labelGain and norm.labelBias; spectral.u and spectral.v where the weight is normalised.
 *  @throws ConfigError dropout_random, as `dropout`; labels_missing, when a conditional one is applied by a pass without labels;
 *  reference_missing, when one with virtual batch norm is applied for training by a pass without a reference */
export const block =
  (options: BlockOptions): LayerBuilder =>
  (path, inputShape) => {
    const { norm = 'none', activation = 'none', activationFirst = false, dropout = 0 } = options;
    const transform = options.transform(inputShape);
    const { weight, bias, normalize } = makeVariables(path, options, transform);
    const spectral = options.spectral ? spectralNorm(path, transform.weightShape) : undefined;
    const annihilatesBias = normalize.centresChannels && !activationFirst && transform.biasShape.length === 1;

    const apply = (x: Tensor, pass: Pass): Tensor => {
      const y = transform.apply(x, spectral ? spectral.normalize(read(weight), pass) : read(weight));
      // The norm subtracts each channel's mean, and with it a bias per channel: that then takes part in nothing but the mean that is kept.
      if (annihilatesBias && pass.training) return activate(activation, normalize(y, pass, bias));
      const biased = bias ? addBias(y, read(bias)) : y;
      return activationFirst
        ? normalize(activate(activation, biased), pass)
        : activate(activation, normalize(biased, pass));
    };
    const normAndActivation = [norm === 'none' ? '' : describeNorm(options), activation === 'none' ? '' : activation];
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
      ...normalize.traits,
      variables: [weight, ...(bias ? [bias] : []), ...normalize.variables, ...(spectral?.variables ?? [])],
      apply: (x, pass) => scoped(lastName(path), () => dropUnits(apply(x, pass), dropout, pass, path)),
    };
  };

/** A norm and an activation by themselves, such as behind a pooling; batch norm if nothing else is said. Settings as in `block`. */
export const normalization =
  ({ activation = 'none', ...options }: NormOptions & Pick<BlockOptions, 'activation'>): LayerBuilder =>
  (path, inputShape) => {
    const settings = { norm: 'batch', ...options } as const;
    const normalize = createNorm(`${path}.norm`, axisSize(inputShape, -1), settings);
    return {
      name: lastName(path),
      description: [settings.norm === 'none' ? '' : describeNorm(settings), activation].filter(Boolean).join(', '),
      inputShape,
      outputShape: inputShape,
      ...normalize.traits,
      variables: normalize.variables,
      apply: (x, pass) => scoped(lastName(path), () => activate(activation, normalize(x, pass))),
    };
  };

function makeVariables(path: string, options: BlockOptions, { weightShape, biasShape, outputShape }: Transform) {
  const { weights = normal(0.02), bias = true } = options;
  return {
    weight: parameter(`${path}.weight`, weightShape, weights),
    bias: bias ? parameter(`${path}.bias`, biasShape, zeros) : undefined,
    normalize: createNorm(`${path}.norm`, axisSize(outputShape, -1), options),
  };
}
