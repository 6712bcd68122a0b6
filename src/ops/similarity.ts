import type { Tensor } from '../tensor/tensor.ts';
import { abs, add, exp, mul, neg, sign, sub } from './elementwise.ts';
import { broadcast } from './movement.ts';
import { bySignature, op } from './op.ts';
import { reduceSum } from './reduce.ts';

/** For each pair of images i, j of m [N,B,C]: the differences of their rows [N,N,B,C], and exp(-||difference||_1) [N,N,B]. */
function compare(m: Tensor): { difference: Tensor; similarity: Tensor } {
  const pairs = [m.shape[0] as number, ...m.shape];
  const difference = sub(broadcast(m, [1], pairs), broadcast(m, [0], pairs));
  return { difference, similarity: exp(neg(reduceSum(abs(difference), [3]))) };
}

const batchSimilarityOp = op('batchSimilarity', {
  result: bySignature('batchSimilarity', 'similarity_rows'),
  gradient: (dy, _, m) => [() => batchSimilarityGradientOp({}, m, dy)],
  decompose: (_, m) => reduceSum(compare(m).similarity, [1]),
});

/** dm_ibc = -sum_j (dy_ib + dy_jb) s_ijb sign(m_ibc - m_jbc): each pair counts in the sums of both its images. */
const batchSimilarityGradientOp = op('batchSimilarityGradient', {
  result: bySignature('batchSimilarityGradient', 'similarity_gradient'),
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
