import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import { fusedKernels } from '../../src/oracle/fused.ts';
import type { Access, Expression, Instruction, OpAttributes } from '../../src/tensor/operators.ts';
import { applyOp, largestError, numbers } from './support.ts';

export type Extent = readonly [outer: number, reduced: number, inner: number];

export const call = (fn: Instruction['fn'], ...args: number[]): Instruction => ({ fn, args });

/** How many elements an operand of a reduction has by its access. */
export const SIZE: Record<Access, (extent: Extent) => number> = {
  full: ([outer, reduced, inner]) => outer * reduced * inner,
  channel: ([, , inner]) => inner,
  sample: ([outer]) => outer,
  scalar: () => 1,
};

export const ELEMENTS: Expression = { access: ['full'], instructions: [] };

/** Several sums of one expression: the registers taken, and whether the CUDA device has a kernel for them. */
export const SEVERAL: Record<string, { readonly expression: Expression; readonly values: readonly number[] }> = {
  'a pair, relu and batch norm': {
    expression: {
      access: ['full', 'full', 'full', 'channel', 'channel'],
      instructions: [call('step', 1), call('mul', 0, 5), call('sub', 2, 3), call('mul', 7, 4), call('mul', 6, 8)],
    },
    values: [6, 9],
  },
  'one, not the last': {
    expression: { access: ['full', 'sample'], instructions: [call('mul', 0, 1), call('exp', 2)] },
    values: [2],
  },
  'a pair, interpreted': {
    expression: { access: ['full', 'sample'], instructions: [call('mul', 0, 1), call('abs', 2), call('sqrt', 3)] },
    values: [4, 2],
  },
  'a difference, and a product that nothing else needs it for': {
    expression: { access: ['full', 'full'], instructions: [call('sub', 0, 1), call('mul', 2, 0)] },
    values: [2, 3],
  },
  'three, an operand among them': {
    expression: { access: ['full', 'full'], instructions: [call('mul', 0, 1), call('tanh', 2), call('mul', 3, 0)] },
    values: [0, 4, 2],
  },
};

/** Fails unless a device agrees with the oracle, which computes in double precision, on each of `rows` results.
 *  @param data of operands, where that is not just any numbers */
export async function expectStatistics<K extends 'reduceSums' | 'reduceMoments'>(
  device: NativeDevice,
  op: K,
  attributes: OpAttributes[K],
  rows: number,
  data: readonly Float32Array[] = [],
): Promise<void> {
  const { expression, extent } = attributes as OpAttributes['reduceMoments'];
  const [outer, , inner] = extent;
  const operands = expression.access.map((access, i) => {
    const shape = [SIZE[access](extent)];
    return { shape, data: data[i] ?? numbers(shape, i + 1).data };
  });
  const shape = [rows, outer, inner];
  const kernel = fusedKernels[op] as (...args: unknown[]) => Float64Array;
  const expected = kernel(
    attributes,
    operands.map((operand) => ({ ...operand, data: Float64Array.from(operand.data) })),
    shape,
  );
  const actual = await applyOp(device, op, attributes, operands, shape);
  for (let row = 0; row < rows; row++) {
    const part = [row * outer * inner, (row + 1) * outer * inner] as const;
    const error = largestError(actual.subarray(...part), expected.subarray(...part));
    assert.ok(error <= 1e-5, `row ${row} of ${op} over [${extent}] is off by ${error}`);
  }
}
