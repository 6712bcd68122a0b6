import type { NativeDevice, NativeLaunch } from '../../src/device/native.ts';
import type { Slot, StoredType } from '../../src/graph/program.ts';
import type { Expression, OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, numbers, runOnce, Sketch } from '../binding/support.ts';
import { IDENTITY } from './works.ts';

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
};

/** The launches of a program on that GPU. */
export const launchesOf = (sketch: Sketch, precision = 'float32'): readonly NativeLaunch[] =>
  addon.planLaunches(sketch.program(), { ...GPU, precision });

/** How many steps each of a program's kernels does. */
export const stepsOfKernels = (sketch: Sketch, precision = 'float32'): number[] => {
  const launches = launchesOf(sketch, precision);
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

  /** Numbers of their own that are kept so. */
  operand(shape: Shape, stored: StoredType): Slot {
    const fed = this.feed(shape);
    return stored === 'float32' ? fed : this.sketch.step('elementwise', IDENTITY, [fed], shape, stored);
  }

  product({ op, attributes, inputs, shape }: Product, stored: StoredType = 'float32'): Slot {
    return this.sketch.step(
      op,
      attributes,
      inputs.map((input) => this.feed(input)),
      shape,
      stored,
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
    for (const output of outputs) {
      const inBfloat16 = output.dtype === 'bfloat16';
      this.sketch.output(inBfloat16 ? this.sketch.step('elementwise', IDENTITY, [output], output.shape) : output);
    }
    return runOnce(device, this.sketch, this.feeds);
  }
}
