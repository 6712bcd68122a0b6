import { axisSize, formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Op, op, shapeError } from './op.ts';

function expectIndices(name: string, indices: Tensor): void {
  if (indices.dtype !== 'int32') {
    throw shapeError('indices_dtype', `${name} expects int32 indices, but received ${indices.dtype}`);
  }
}

const gatherOp: Op<'gather'> = op('gather', {
  result: (_, table, indices) => {
    expectIndices('gather', indices);
    if (table.shape.length !== 2) {
      throw shapeError('gather_table', `gather expects a table [rows,width], but received ${formatShape(table.shape)}`);
    }
    return { shape: [...indices.shape, axisSize(table.shape, 1)], dtype: 'float32' };
  },
  gradient: (dy, _, table, indices) => [() => scatterAddOp({ rows: axisSize(table.shape, 0) }, indices, dy), undefined],
});

/** The adjoint of gather: row `indices[i]` of the result is the sum of the rows dy[i]. */
const scatterAddOp: Op<'scatterAdd'> = op('scatterAdd', {
  result: ({ rows }, indices, dy) => {
    expectIndices('scatterAdd', indices);
    const width = dy.shape.at(-1) ?? 0;
    if (!sameShape(dy.shape, [...indices.shape, width])) {
      throw shapeError(
        'scatter_rows',
        `scatterAdd expects one row per index ${formatShape(indices.shape)}, but received ${formatShape(dy.shape)}`,
      );
    }
    return { shape: [rows, width], dtype: 'float32' };
  },
  gradient: (ddTable, _, indices) => [undefined, () => gatherOp({}, ddTable, indices)],
});

const oneHotOp: Op<'oneHot'> = op('oneHot', {
  result: ({ depth }, indices) => {
    expectIndices('oneHot', indices);
    return { shape: [...indices.shape, depth], dtype: 'float32' };
  },
  gradient: 'none',
});

/** The ops of this file, for the rule table. */
export const lookupOps = { gather: gatherOp, scatterAdd: scatterAddOp, oneHot: oneHotOp };

/** Rows of a table: table [V,D], indices int32 [...] -> [...,D]. An index outside [0, V) fails while running. */
export const embedding = (table: Tensor, indices: Tensor): Tensor => gatherOp({}, table, indices);

/** int32 [...] -> float32 [...,depth], 1 at the index and 0 elsewhere. An index outside [0, depth) fails while running. */
export const oneHot = (indices: Tensor, depth: number): Tensor => oneHotOp({ depth }, indices);
