import { flatten, maxPool as pool, reshape, upsampleNearest } from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { dropUnits } from './dropout.ts';
import { type LayerBuilder, lastName, type Pass } from './layer.ts';

/** A layer without variables. */
const plain =
  (
    description: string,
    outputShape: (input: Shape) => Shape,
    apply: (x: Tensor, pass: Pass, path: string) => Tensor,
  ): LayerBuilder =>
  (path, inputShape) => ({
    name: lastName(path),
    description,
    inputShape,
    outputShape: outputShape(inputShape),
    variables: [],
    mixesSamples: false,
    apply: (x, pass) => scoped(lastName(path), () => apply(x, pass, path)),
  });

const scaleSides =
  (factor: number) =>
  ([height, width, channels]: Shape): Shape => [
    Math.floor((height as number) * factor),
    Math.floor((width as number) * factor),
    channels as number,
  ];

/** The same elements under another shape (per sample). */
export const reshaped = (shape: Shape): LayerBuilder =>
  plain(
    `reshape ${shape.join('x')}`,
    () => shape,
    (x) => reshape(x, [x.shape[0] as number, ...shape]),
  );

/** [H,W,C] -> [H * W * C]. */
export const flat: LayerBuilder = plain('flatten', (input) => [elements(input)], flatten);

/** Maximum of size x size windows, stride `size`. */
export const maxPool = (size: number): LayerBuilder =>
  plain(`max pool ${size}`, scaleSides(1 / size), (x) => pool(x, size));

/** Every pixel repeated scale x scale times. */
export const upsample = (scale: number): LayerBuilder =>
  plain(`nearest ${scale}x`, scaleSides(scale), (x) => upsampleNearest(x, scale));

/** Zeroes a part `rate` of the activations while training.
 *  @throws ConfigError dropout_random, when it is applied for training by a pass without a random state */
export const dropout = (rate: number): LayerBuilder =>
  plain(
    `dropout ${rate}`,
    (input) => input,
    (x, pass, path) => dropUnits(x, rate, pass, path),
  );
