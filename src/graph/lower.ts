import { reduceMax, reduceSum } from '../ops/reduce.ts';
import { decompositionOf, ops } from '../ops/rules.ts';
import type { OpName } from '../tensor/operators.ts';
import { withScope } from '../tensor/scope.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { rewrite, withInputs } from './rewrite.ts';

/** Writes composites that the device does not claim with simple ops, and reductions over scattered axes as several over
 *  neighbouring ones. */
export const lower = (graph: Graph, claims: ReadonlySet<OpName>): Graph =>
  rewrite(graph, (node, inputs) => {
    const updated = withInputs(node, inputs);
    return withScope(node.scope, () => lowerNode(updated, claims));
  });

function lowerNode(node: Tensor, claims: ReadonlySet<OpName>): Tensor {
  if (isOp(node, 'reduceSum')) return reduceInTurn(node, node.attributes.axes, reduceSum);
  if (isOp(node, 'reduceMax')) return reduceInTurn(node, node.attributes.axes, reduceMax);
  if (ops[node.op].rule.decompose === undefined || claims.has(node.op)) return node;
  return decompositionOf(node) as Tensor;
}

type Reduction = (x: Tensor, axes: readonly number[]) => Tensor;

/** Reduces the last run of neighbouring axes first, so that the numbers of the earlier ones stay valid. */
function reduceInTurn(node: Tensor, axes: readonly number[], reduction: Reduction): Tensor {
  const gap = axes.findLastIndex((axis, i) => i > 0 && axis !== (axes[i - 1] as number) + 1);
  if (gap < 0) return node;
  const inner = reduction(node.inputs[0] as Tensor, axes.slice(gap));
  return reduceInTurn(reduction(inner, axes.slice(0, gap)), axes.slice(0, gap), reduction);
}
