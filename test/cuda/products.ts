import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot } from '../../src/graph/program.ts';
import type { Expression, OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, numbers, runOnce, Sketch } from '../binding/support.ts';

// Products by themselves, and with a step behind them that their kernels take along.

/** A product, and the shapes of what it multiplies. */
export interface Product<K extends OpName = OpName> {
  readonly op: K;
  readonly attributes: OpAttributes[K];
  readonly inputs: readonly Shape[];
  readonly shape: Shape;
}

/** A small one, for which reductions are split. */
const GPU = {
  multiprocessors: 4,
  sharedBytesPerMultiprocessor: 228 * 1024,
  sharedBytesPerBlock: 227 * 1024,
  architecture: 80,
  precision: 'float32',
};

/** How many steps each of a program's kernels does. */
export const stepsOfKernels = (sketch: Sketch): number[] => {
  const launches = addon.planLaunches(sketch.program(), GPU);
  return launches.filter(({ step }, i) => launches[i - 1]?.step !== step).map(({ steps }) => steps);
};

/** A product and an expression of it; feeds get numbers of their own. */
export class Example {
  readonly sketch = new Sketch();
  readonly feeds: Float32Array[] = [];

  feed(shape: Shape): Slot {
    this.feeds.push(numbers(shape, this.feeds.length + 1).data);
    return this.sketch.feed(shape);
  }

  product({ op, attributes, inputs, shape }: Product): Slot {
    return this.sketch.step(
      op,
      attributes,
      inputs.map((input) => this.feed(input)),
      shape,
    );
  }

  /** The operands of an expression of which operand `at` is the result of a product; its `channels` are the columns unless told. */
  operands(
    [at, { access }]: readonly [number, Expression],
    result: Slot,
    channels = result.shape.at(-1) as number,
  ): Slot[] {
    return access.map((each, i) => (i === at ? result : this.feed(each === 'channel' ? [channels] : result.shape)));
  }

  async run(device: NativeDevice, ...outputs: Slot[]): Promise<Float32Array[]> {
    for (const output of outputs) this.sketch.output(output);
    return runOnce(device, this.sketch, this.feeds);
  }
}
