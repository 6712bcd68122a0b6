import type { Moments } from '../ops/index.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Initializer, Variable } from '../tensor/variable.ts';
import type { BatchParts } from './batch_parts.ts';

/** How a network is being applied. */
export interface Pass {
  /** True: batch norm uses the batch's moments and updates the running ones, virtual batch norm uses the reference's, dropout drops. */
  readonly training: boolean;
  /** The random state that dropout draws from, int32 [2]. */
  readonly random?: Tensor;
  /** Of the samples, float32 [N, labels]: a 1 for its class, or for each of its attributes. Only conditional networks need them. */
  readonly labels?: Tensor;
  /** The moments of the reference batch in each layer with virtual batch norm, by its path. Only such layers need them, while training. */
  readonly reference?: ReferenceMoments;
  /** Given if the samples are the reference batch itself: told its moments in each such layer. The running moments of batch norm stay as
   *  they are then. */
  readonly measure?: (path: string, moments: Moments) => void;
  /** The parts of the batch that batch norm normalises each by itself while training; the whole batch if not given. */
  readonly parts?: BatchParts;
}

/** The moments of a reference batch in each layer with virtual batch norm, by the layer's path. */
export type ReferenceMoments = ReadonlyMap<string, Moments>;

/** A part of a network with its variables. Shapes are per sample: without the batch axis. */
export interface Layer {
  readonly name: string;
  /** What it is, in a few words, such as `conv5 s2, batch norm, leakyRelu`. */
  readonly description: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly variables: readonly Variable[];
  /** Whether a sample's output depends on the others of its batch while training. */
  readonly mixesSamples: boolean;
  /** Samples in the reference batch that it needs while training; only of a layer with virtual batch norm. */
  readonly referenceBatch?: number;
  /** Whether batch norm is a part of it, which heeds `parts` of a pass. */
  readonly hasBatchNorm?: boolean;
  /** x [N, ...inputShape] -> [N, ...outputShape]. */
  apply(x: Tensor, pass: Pass): Tensor;
}

/** Makes a layer for inputs of a shape; `path` is the full name, such as `discriminator.layer2`. */
export type LayerBuilder = (path: string, inputShape: Shape) => Layer;

/** A trainable float32 variable. */
export const parameter = (name: string, shape: Shape, initializer: Initializer): Variable => ({
  name,
  shape,
  dtype: 'float32',
  initializer,
  trainable: true,
});

/** A float32 variable that training keeps up to date but no optimiser touches. */
export const statistic = (name: string, shape: Shape, initializer: Initializer): Variable => ({
  name,
  shape,
  dtype: 'float32',
  initializer,
  trainable: false,
});

/** How many numbers an optimiser adjusts. */
export const countParameters = (variables: readonly Variable[]): number =>
  variables.filter(({ trainable }) => trainable).reduce((sum, { shape }) => sum + elements(shape), 0);

/** The last part of a path: `layer2` of `discriminator.layer2`. */
export const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
