import * as assert from 'uvu/assert';
import type { OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers } from '../binding/support.ts';

/** The CUDA kernels on simulated threads, and the CPU's own kernels to compare them with. */
export const simt = addon.openDevice('simt', { threads: 0 });
export const cpu = addon.openDevice('cpu', { threads: 0 });

export const closeDevices = (): void => {
  simt.close();
  cpu.close();
};

type Input = ReturnType<typeof numbers> | { shape: Shape; data: Int32Array };

/** Numbers of each shape, each from a seed of its own. */
export const inputs = (...shapes: Shape[]): Input[] => shapes.map((shape, i) => numbers(shape, i + 1));

/** Fails unless the simulated kernels agree with the CPU's on one op; tolerance 0 means bit for bit. */
export async function expectAgreement<K extends OpName>(
  op: K,
  attributes: OpAttributes[K],
  operands: readonly Input[],
  shape: Shape,
  tolerance: number,
): Promise<void> {
  const [actual, expected] = await Promise.all([
    applyOp(simt, op, attributes, operands, shape),
    applyOp(cpu, op, attributes, operands, shape),
  ]);
  const error = largestError(actual, expected);
  assert.ok(error <= tolerance, `${op} of ${operands.map(({ shape: s }) => `[${s}]`)} is off by ${error}`);
}
