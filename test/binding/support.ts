import { createRequire } from 'node:module';
import type { NativeAddon, NativeDevice } from '../../src/device/native.ts';
import {
  type Binding,
  type Program,
  type Slot,
  type Step,
  type StoredType,
  storedBytes,
} from '../../src/graph/program.ts';
import { ALIGNMENT_BYTES, type OpAttributes, type OpName } from '../../src/tensor/operators.ts';
import { type DType, elements, type Shape } from '../../src/tensor/shape.ts';

/** The addon that was built last, or the one GANNET_ADDON names. */
export const addonPath = process.env.GANNET_ADDON ?? '../../build/Release/gannet.node';

export const addon: NativeAddon = createRequire(import.meta.url)(addonPath);

/** A program written by hand: every result gets a place of its own. */
export class Sketch {
  private readonly feeds: Binding[] = [];
  private readonly variables: Binding[] = [];
  private readonly outputs: { name: string; slot: Slot }[] = [];
  private readonly steps: Step[] = [];
  private arenaBytes = 0;

  feed(shape: Shape, dtype: DType = 'float32'): Slot {
    this.feeds.push({ name: `feed${this.feeds.length}`, shape, dtype });
    return { storage: 'feed', offset: this.feeds.length - 1, shape, dtype };
  }

  variable(shape: Shape, dtype: DType = 'float32'): Slot {
    this.variables.push({ name: `variable${this.variables.length}`, shape, dtype });
    return { storage: 'variable', offset: this.variables.length - 1, shape, dtype };
  }

  /** Memory of the arena that overlaps nothing else. */
  place(shape: Shape, dtype: StoredType = 'float32'): Slot {
    const slot: Slot = { storage: 'arena', offset: this.arenaBytes, shape, dtype };
    this.arenaBytes += Math.ceil(storedBytes(slot) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return slot;
  }

  step<K extends OpName>(
    op: K,
    attributes: OpAttributes[K],
    inputs: readonly Slot[],
    shape: Shape,
    dtype: StoredType = 'float32',
  ): Slot {
    const output = this.place(shape, dtype);
    this.steps.push({ op, attributes, inputs, output, scope: 'layer' } as Step);
    return output;
  }

  /** An op whose result goes where another value lies. */
  replace<K extends OpName>(op: K, attributes: OpAttributes[K], inputs: readonly Slot[], output: Slot): Slot {
    this.steps.push({ op, attributes, inputs, output, scope: 'layer' } as Step);
    return output;
  }

  /** An op that overwrites its first input. */
  update<K extends OpName>(op: K, attributes: OpAttributes[K], inputs: readonly Slot[]): Slot {
    return this.replace(op, attributes, inputs, inputs[0] as Slot);
  }

  output(slot: Slot): void {
    this.outputs.push({ name: `output${this.outputs.length}`, slot });
  }

  program(): Program {
    const { arenaBytes, feeds, variables, outputs, steps } = this;
    return { name: 'sketch', arenaBytes, feeds, variables, outputs, steps };
  }
}

type Numbers = Float32Array | Int32Array;

/** Runs a program once and returns its outputs as floats. */
export async function runOnce(
  device: NativeDevice,
  sketch: Sketch,
  feeds: readonly Numbers[],
  variables: readonly number[] = [],
): Promise<Float32Array[]> {
  const { program } = await device.load(sketch.program(), variables);
  const { outputs } = await device.run([{ program, feeds, fetch: true }], { profile: false });
  device.unload(program);
  return (outputs[0] ?? []).map((buffer) => new Float32Array(buffer));
}

/** One op applied to feeds. */
export async function applyOp<K extends OpName>(
  device: NativeDevice,
  op: K,
  attributes: OpAttributes[K],
  inputs: readonly { shape: Shape; data: Numbers }[],
  shape: Shape,
): Promise<Float32Array> {
  const sketch = new Sketch();
  const slots = inputs.map((input) => sketch.feed(input.shape, input.data instanceof Int32Array ? 'int32' : 'float32'));
  sketch.output(sketch.step(op, attributes, slots, shape));
  const [result] = await runOnce(
    device,
    sketch,
    inputs.map((input) => input.data),
  );
  return result as Float32Array;
}

/** Numbers in [-1, 1) that look random and are the same every time. */
export function numbers(shape: Shape, seed = 1): { shape: Shape; data: Float32Array } {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  const data = new Float32Array(elements(shape)).map(() => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
  return { shape, data };
}

/** The largest difference, relative to the largest number expected. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new RangeError(`${actual.length} numbers, but ${expected.length} expected`);
  let scale = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i] as number));
    const off = Math.abs((actual[i] as number) - (expected[i] as number));
    difference = off <= difference ? difference : off;
  }
  return difference / (scale || 1);
}
