import type { Tensor } from '../tensor/tensor.ts';
import { listShapes, op, shapeError } from './op.ts';

const matmulOp = op('matmul', {
  result: ({ transposeA, transposeB }, a, b) => {
    const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : [a.shape[0], a.shape[1]];
    const [kb, n] = transposeB ? [b.shape[1], b.shape[0]] : [b.shape[0], b.shape[1]];
    if (a.shape.length !== 2 || b.shape.length !== 2 || k !== kb) {
      const ask = `a ${transposeA ? '[K,M]' : '[M,K]'} and b ${transposeB ? '[N,K]' : '[K,N]'} with one K`;
      throw shapeError('matmul_shapes', `matmul expects ${ask}, but received ${listShapes([a, b])}`);
    }
    const wrong = [a, b].find((t) => t.dtype !== 'float32');
    if (wrong) throw shapeError('matmul_dtype', `matmul expects float32, but received ${wrong.dtype}`);
    return { shape: [m as number, n as number], dtype: 'float32' };
  },
  gradient: (dy, { attributes: { transposeA: ta, transposeB: tb } }, a, b) => [
    () => (ta ? matmul(b, dy, { transposeA: tb, transposeB: true }) : matmul(dy, b, { transposeB: !tb })),
    () => (tb ? matmul(dy, a, { transposeA: true, transposeB: ta }) : matmul(a, dy, { transposeA: !ta })),
  ],
});

/** The op of this file, for the rule table. */
export const matmulOps = { matmul: matmulOp };

/** a [M,K] times b [K,N] -> [M,N]; a transposed operand is given as [K,M] or [N,K]. @throws ShapeError if K differs. */
export const matmul = (a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor =>
  matmulOp({ transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false }, a, b);
