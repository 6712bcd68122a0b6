import type { DType, Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** What a variable holds before the first step. `random` is the random state (seed, step) of the initialising program. */
export type Initializer = (shape: Shape, random: Tensor) => Tensor;

/** State that lives on the device between runs: a weight, an optimiser slot, a running statistic, a counter. */
export interface Variable {
  /** Unique within a device; also the name in checkpoints, such as `generator.layer1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly initializer: Initializer;
  /** True for weights that an optimiser updates and parameter counts include. */
  readonly trainable: boolean;
}
