import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { StoredType } from '../../src/graph/program.ts';
import type { OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { applyOp, numbers, runOnce, Sketch } from '../binding/support.ts';
import { expression } from './expression.ts';

// Single ops of which operands and result may be kept as bfloat16.

export const IDENTITY = { expression: expression('f') };

/** The nearest bfloat16, ties to even, of finite numbers. */
export function rounded(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    bits[i] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  }
  return new Float32Array(bits.buffer);
}

/** Fails at the first number that differs. */
export function expectSame(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.is(actual.length, expected.length, what);
  const at = actual.findIndex((value, i) => !Object.is(value, expected[i]));
  assert.is(at, -1, `${what}: number ${at} of ${actual.length} is ${actual[at]}, not ${expected[at]}`);
}

/** One op: its operands' shapes, and which of them are kept as bfloat16. */
export interface Work<K extends OpName = OpName> {
  readonly op: K;
  readonly attributes: OpAttributes[K];
  readonly operands: readonly Shape[];
  readonly inBfloat16: readonly boolean[];
  readonly shape: Shape;
}

/** The operands as feeds; those in bfloat16 are copied before the op reads them. */
export function sketchOf({ op, attributes, operands, inBfloat16, shape }: Work, result: StoredType): Sketch {
  const sketch = new Sketch();
  const slots = operands.map((operand, i) => {
    const fed = sketch.feed(operand);
    return inBfloat16[i] ? sketch.step('elementwise', IDENTITY, [fed], operand, 'bfloat16') : fed;
  });
  const made = sketch.step(op, attributes, slots, shape, result);
  if (result === 'float32') sketch.output(made);
  // Two readers, or else a product would end in the only one and never be kept.
  else for (const _ of [1, 2]) sketch.output(sketch.step('elementwise', IDENTITY, [made], shape));
  return sketch;
}

export const operandsOf = ({ operands }: Work): Float32Array[] =>
  operands.map((shape, i) => numbers(shape, i + 1).data);

/** What the op makes of its operands. */
export async function runWork(work: Work, result: StoredType, on: NativeDevice): Promise<Float32Array> {
  const [values] = await runOnce(on, sketchOf(work, result), operandsOf(work));
  return values as Float32Array;
}

/** The op on float32 operands that were rounded where they would be in bfloat16. */
export function onRounded(work: Work, on: NativeDevice): Promise<Float32Array> {
  const inputs = operandsOf(work).map((data, i) => ({
    shape: work.operands[i] as Shape,
    data: work.inBfloat16[i] ? rounded(data) : data,
  }));
  return applyOp(on, work.op, work.attributes, inputs, work.shape);
}
