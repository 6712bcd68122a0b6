/** Precisions that devices multiply in. */
export const PRODUCT_PRECISIONS = ['float32', 'tf32', 'bfloat16'] as const;
/** One of PRODUCT_PRECISIONS. */
export type ProductPrecision = (typeof PRODUCT_PRECISIONS)[number];

/** The largest error over the largest number that a precision may cost: rounding of float32 sums, or of a product's operands
 *  to 10 bits (tf32) and 7 (bfloat16). */
const TOLERANCES: Readonly<Record<ProductPrecision, number>> = { float32: 1e-4, tf32: 1e-3, bfloat16: 1e-2 };

/** How far results may lie from the exact ones, relative to the largest of them. Where operands are rounded, products that follow one
 *  another add to the error.
 *  @param products how many do, or kernels with values between them that a precision rounds */
export const toleranceOf = (
  precision: ProductPrecision,
  { products = 1 }: { readonly products?: number } = {},
): number => TOLERANCES[precision] * (precision === 'float32' ? 1 : products);
