import * as assert from 'uvu/assert';
import type { OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, applyOp, largestError, numbers } from '../binding/support.ts';

/** The CUDA kernels, on simulated threads unless GANNET_KERNEL_DEVICE=cuda asks for a GPU. */
export const kernels = addon.openDevice(process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt', { threads: 0 });

/** The CPU's own kernels, to compare them with. */
export const cpu = addon.openDevice('cpu', { threads: 0 });

export const closeDevices = (): void => {
  kernels.close();
  cpu.close();
};

type Input = ReturnType<typeof numbers> | { shape: Shape; data: Int32Array };

/** Numbers of each shape, each from a seed of its own. */
export const inputs = (...shapes: Shape[]): Input[] => shapes.map((shape, i) => numbers(shape, i + 1));

/** Fails unless the CUDA kernels agree with the CPU's on one op; tolerance 0 means bit for bit. */
export async function expectAgreement<K extends OpName>(
  op: K,
  attributes: OpAttributes[K],
  operands: readonly Input[],
  shape: Shape,
  tolerance: number,
): Promise<void> {
  const [actual, expected] = await Promise.all([
    applyOp(kernels, op, attributes, operands, shape),
    applyOp(cpu, op, attributes, operands, shape),
  ]);
  const error = largestError(actual, expected);
  assert.ok(error <= tolerance, `${op} of ${operands.map(({ shape: s }) => `[${s}]`)} is off by ${error}`);
}
