import { allReduceSum } from '../../ops/all_reduce.ts';
import { withScope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../../tensor/trace.ts';
import { rewrite, withInputs } from '../rewrite.ts';
import { ancestors, consumersOf, roots } from '../walk.ts';

/** The same graph with one sum over ranks in place of two of which nothing but the sum or difference is used, such as the gradients of a
 *  weight by real and by generated images: half as many bytes pass between the ranks. */
export function joinSums<O extends GraphOutputs>(graph: Graph<O>): Graph<O> {
  const wanted = new Set(roots(graph));
  const consumers = consumersOf(ancestors(wanted));
  const isUsedOnce = (tensor: Tensor): boolean => !wanted.has(tensor) && consumers.get(tensor)?.length === 1;
  return rewrite(graph, (node, inputs) => {
    const isSumOfSums =
      (node.op === 'add' || node.op === 'sub') &&
      inputs.every(({ op }) => op === 'allReduce') &&
      node.inputs.every(isUsedOnce);
    if (!isSumOfSums) return withInputs(node, inputs);
    const operands = inputs.map((sum) => sum.inputs[0] as Tensor);
    return withScope(node.scope, () => allReduceSum(withInputs(node, operands)));
  });
}
