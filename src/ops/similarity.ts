import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { abs, add, exp, mul, neg, sign, sub } from './elementwise.ts';
import { broadcast } from './movement.ts';
import { like, listShapes, op, shapeError } from './op.ts';
import { reduceSum } from './reduce.ts';

/** For each pair of images i, j of m [N,B,C]: the differences of their rows [N,N,B,C], and exp(-||difference||_1) [N,N,B]. */
function compare(m: Tensor): { difference: Tensor; similarity: Tensor } {
  const pairs = [m.shape[0] as number, ...m.shape];
  const difference = sub(broadcast(m, [1], pairs), broadcast(m, [0], pairs));
  return { difference, similarity: exp(neg(reduceSum(abs(difference), [3]))) };
}

const batchSimilarityOp = op('batchSimilarity', {
  result: (_, m) => {
    if (m.shape.length !== 3 || m.dtype !== 'float32') {
      throw shapeError(
        'similarity_rows',
        `batchSimilarity expects float32 rows of images [N,B,C], but received ${m.dtype} ${formatShape(m.shape)}`,
      );
    }
    return { shape: m.shape.slice(0, 2), dtype: m.dtype };
  },
  gradient: (dy, _, m) => [() => batchSimilarityGradientOp({}, m, dy)],
  decompose: (_, m) => reduceSum(compare(m).similarity, [1]),
});

/** dm_ibc = -sum_j (dy_ib + dy_jb) s_ijb sign(m_ibc - m_jbc): each pair counts in the sums of both its images. */
const batchSimilarityGradientOp = op('batchSimilarityGradient', {
  result: (_, ...inputs) => {
    const [m, dy] = inputs as [Tensor, Tensor];
    if (!sameShape(m.shape.slice(0, 2), dy.shape)) {
      throw shapeError(
        'similarity_gradient',
        `batchSimilarityGradient expects m [N,B,C] and dy [N,B], but received ${listShapes(inputs)}`,
      );
    }
    return like(m);
  },
  gradient: 'decompose',
  decompose: (_, ...inputs) => {
    const [m, dy] = inputs as [Tensor, Tensor];
    const { difference, similarity } = compare(m);
    const both = add(broadcast(dy, [1], similarity.shape), broadcast(dy, [0], similarity.shape));
    const weight = broadcast(mul(both, similarity), [3], difference.shape);
    return neg(reduceSum(mul(weight, sign(difference)), [1]));
  },
});

/** The ops of this file, for the rule table. */
export const similarityOps = {
  batchSimilarity: batchSimilarityOp,
  batchSimilarityGradient: batchSimilarityGradientOp,
};

/** How alike the images of a batch are: o_ib = sum_j exp(-||m_ib - m_jb||_1), m [N,B,C] -> o [N,B]. The sum includes j = i, as it
 *  does in the paper, so that every o is at least 1. Differentiable twice. @throws ShapeError
 *  @see arXiv:1606.03498, section 3.2 */
export const batchSimilarity = (m: Tensor): Tensor => batchSimilarityOp({}, m);
