import type { OpName } from '../tensor/operators.ts';

/** The ops whose kernels multiply matrices: convolutions, their gradients, and products of matrices. */
const PRODUCTS: ReadonlySet<OpName> = new Set<OpName>([
  'matmul',
  'conv2d',
  'conv2dInputGradient',
  'conv2dFilterGradient',
]);

/** Whether an op is a product, on whose way to memory a device may compute more. */
export const isProduct = (op: OpName): boolean => PRODUCTS.has(op);
