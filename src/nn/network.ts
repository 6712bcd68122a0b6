import { scoped } from '../tensor/scope.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Variable } from '../tensor/variable.ts';
import type { Layer, LayerBuilder, Pass } from './layer.ts';

/** Layers that a name holds together: a generator, a discriminator. It knows nothing of losses or training steps. */
export interface Network {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly variables: readonly Variable[];
  /** Whether a sample's output depends on the others of its batch while training, as with batch norm. */
  readonly mixesSamples: boolean;
  /** Those that an optimiser adjusts. */
  readonly parameters: readonly Variable[];
  /** x [N, ...inputShape] -> [N, ...outputShape]. */
  apply(x: Tensor, pass: Pass): Tensor;
}

/** A network of layers that are put together by `apply`; what follows from the layers is worked out here. */
export function networkOf(parts: Pick<Network, 'name' | 'layers' | 'inputShape' | 'outputShape' | 'apply'>): Network {
  const variables = parts.layers.flatMap((layer) => layer.variables);
  return {
    ...parts,
    variables,
    mixesSamples: parts.layers.some((layer) => layer.mixesSamples),
    parameters: variables.filter(({ trainable }) => trainable),
  };
}

/** Layers one after another, named layer1, layer2, ... within `name`. Shapes are per sample. */
export function sequential(name: string, inputShape: Shape, builders: readonly LayerBuilder[]): Network {
  const layers: Layer[] = [];
  let shape = inputShape;
  for (const build of builders) {
    const path = `${name}.layer${layers.length + 1}`;
    const layer = scoped(path, () => build(path, shape));
    layers.push(layer);
    shape = layer.outputShape;
  }
  const apply: Network['apply'] = (x, pass) => scoped(name, () => layers.reduce((h, layer) => layer.apply(h, pass), x));
  return networkOf({ name, layers, inputShape, outputShape: shape, apply });
}
