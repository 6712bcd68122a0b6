import type { Precision } from '../device/index.ts';
import type { Case } from './cases/index.ts';

/** A precision that a device multiplies in. */
export type ProductPrecision = Exclude<Precision, 'auto'>;

/** The largest error over the largest number that a precision may cost: rounding of float32 sums, or of a product's operands
 *  to 10 bits (tf32) and 7 (bfloat16). */
const TOLERANCES: Readonly<Record<ProductPrecision, number>> = { float32: 1e-4, tf32: 1e-3, bfloat16: 1e-2 };

/** How far a case's results may lie from the exact ones, relative to the largest of them. Where operands are rounded, products
 *  that follow one another add to the error. */
export const toleranceOf = (precision: ProductPrecision, { products = 1 }: Pick<Case, 'products'> = {}): number =>
  TOLERANCES[precision] * (precision === 'float32' ? 1 : products);
