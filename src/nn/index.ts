export { ACTIVATIONS, type Activation } from './activation.ts';
export type { BatchParts } from './batch_parts.ts';
export { type BlockOptions, block, normalization } from './block.ts';
export { constant, glorot, initialization, normal, ones, uniform, zeros } from './initializers.ts';
export { besideEmbedding, besideLabels, labelChannels, labelProjection, type ProjectionOptions } from './labels.ts';
export {
  countParameters,
  type Layer,
  type LayerBuilder,
  lastName,
  type Pass,
  parameter,
  type ReferenceMoments,
  statistic,
} from './layer.ts';
export { MEASURES, type MeasureName } from './measures.ts';
export { type MinibatchOptions, minibatchDiscrimination } from './minibatch.ts';
export { type Network, networkOf, sequential } from './network.ts';
export { NORMS, type Norm, type NormOptions } from './norms.ts';
export { dropout, flat, maxPool, reshaped, upsample } from './plain.ts';
export { measureReference } from './reference.ts';
export {
  type ConvolutionOptions,
  convolution,
  enlargedConvolution,
  linear,
  type Transform,
  type TransformBuilder,
  transposedConvolution,
} from './transform.ts';
