import { reduceMax, reduceSum } from '../ops/reduce.ts';
import { decompositionOf, isComposite } from '../ops/rules.ts';
import type { OpName } from '../tensor/operators.ts';
import { withScope } from '../tensor/scope.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { rewrite, withInputs } from './rewrite.ts';
import { ancestors, roots } from './walk.ts';

/** Writes composites that the device does not claim with simple ops, and reductions over scattered axes as several over
 *  neighbouring ones. A device claims a composite of several reductions by the op that the fusion pass makes of it. */
export function lower(graph: Graph, claims: ReadonlySet<OpName>): Graph {
  const lowered = rewrite(graph, (node, inputs) => {
    const updated = withInputs(node, inputs);
    return withScope(node.scope, () => lowerNode(updated, claims));
  });
  // A decomposition may itself hold what is not low.
  return ancestors(roots(lowered)).every((node) => isLow(node, claims)) ? lowered : lower(lowered, claims);
}

function lowerNode(node: Tensor, claims: ReadonlySet<OpName>): Tensor {
  if (isLow(node, claims)) return node;
  if (isOp(node, 'reduceSum')) return reduceInTurn(node, node.attributes.axes, reduceSum);
  if (isOp(node, 'reduceMax')) return reduceInTurn(node, node.attributes.axes, reduceMax);
  return decompositionOf(node) as Tensor;
}

function isLow(node: Tensor, claims: ReadonlySet<OpName>): boolean {
  if (isOp(node, 'reduceSum') || isOp(node, 'reduceMax')) return areNeighbours(node.attributes.axes);
  if (isOp(node, 'sums')) return claims.has('reduceSums') && areNeighbours(node.attributes.axes);
  if (isOp(node, 'moments')) return claims.has('reduceMoments') && areNeighbours(node.attributes.axes);
  return !isComposite(node.op) || claims.has(node.op);
}

const areNeighbours = (axes: readonly number[]): boolean => lastGap(axes) < 0;

/** The index of the last axis that does not follow its predecessor, or -1. */
const lastGap = (axes: readonly number[]): number =>
  axes.findLastIndex((axis, i) => i > 0 && axis !== (axes[i - 1] as number) + 1);

type Reduction = (x: Tensor, axes: readonly number[]) => Tensor;

/** Reduces the last run of neighbouring axes first, so that the numbers of the earlier ones stay valid. */
function reduceInTurn(node: Tensor, axes: readonly number[], reduction: Reduction): Tensor {
  const gap = lastGap(axes);
  if (gap < 0) return node;
  const inner = reduction(node.inputs[0] as Tensor, axes.slice(gap));
  return reduceInTurn(reduction(inner, axes.slice(0, gap)), axes.slice(0, gap), reduction);
}
