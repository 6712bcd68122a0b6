import { axisSize } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bySignature, type Op, op } from './op.ts';

const gatherOp: Op<'gather'> = op('gather', {
  result: bySignature('gather', 'gather_table', 'indices_dtype'),
  gradient: (dy, _, table, indices) => [() => scatterAddOp({ rows: axisSize(table.shape, 0) }, indices, dy), undefined],
});

/** The adjoint of gather: row `indices[i]` of the result is the sum of the rows dy[i]. */
const scatterAddOp: Op<'scatterAdd'> = op('scatterAdd', {
  result: bySignature('scatterAdd', 'indices_dtype', 'scatter_rows'),
  gradient: (ddTable, _, indices) => [undefined, () => gatherOp({}, ddTable, indices)],
});

const oneHotOp = op('oneHot', { result: bySignature('oneHot', 'indices_dtype'), gradient: 'none' });

const truncateOp = op('truncate', { result: bySignature('truncate', 'elementwise_dtype'), gradient: 'none' });

/** The ops of this file, for the rule table. */
export const lookupOps = { gather: gatherOp, scatterAdd: scatterAddOp, truncate: truncateOp, oneHot: oneHotOp };

/** Rows of a table: table [V,D], indices int32 [...] -> [...,D]. An index outside [0, V) fails while running. */
export const embedding = (table: Tensor, indices: Tensor): Tensor => gatherOp({}, table, indices);

/** int32 [...] -> float32 [...,depth], 1 at the index and 0 elsewhere. An index outside [0, depth) fails while running. */
export const oneHot = (indices: Tensor, depth: number): Tensor => oneHotOp({ depth }, indices);

/** float32 [...] -> int32 [...], such as indices of numbers that were drawn: the whole part of each number. NaN becomes 0, and what int32 does
 *  not hold the nearest number that it does. Nothing flows back through it. @throws ShapeError elementwise_dtype */
export const truncate = (x: Tensor): Tensor => truncateOp({}, x);
