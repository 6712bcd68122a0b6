import { GraphError } from '../errors.ts';
import { add } from '../ops/elementwise.ts';
import { fill } from '../ops/leaves.ts';
import { decompositionOf, gradientsOf } from '../ops/rules.ts';
import { stopsGradient } from '../ops/stop_gradient.ts';
import { withScope } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ancestors } from './walk.ts';

/** dy/dx for every x of `xs`, as tensors of the same graph, so that they can be differentiated again. y is a scalar, or `seed`
 *  gives the gradient of y to start from (then the result is the vector-Jacobian product). An x that y does not depend on
 *  has gradient zero. @throws GraphError if y is not a scalar and no seed is given. */
export function gradients<const X extends readonly Tensor[]>(
  y: Tensor,
  xs: X,
  seed?: Tensor,
): { -readonly [I in keyof X]: Tensor } {
  return backpropagate(y, xs, new Set(), seed) as { -readonly [I in keyof X]: Tensor };
}

/** As `gradients`, but nothing flows further back than the tensors of `boundary`: the partial derivatives with respect to them. */
function backpropagate(y: Tensor, xs: readonly Tensor[], boundary: ReadonlySet<Tensor>, seed?: Tensor): Tensor[] {
  if (!seed && y.shape.length > 0) {
    throw new GraphError(
      'gradient_of_tensor',
      `gradients expects a scalar, but received ${formatShape(y.shape)}; reduce it or pass a seed`,
    );
  }
  const nodes = ancestors([y]);
  const wanted = dependents(nodes, new Set(xs));
  const found = new Map<Tensor, Tensor>([[y, seed ?? fill(1, [])]]);
  const accumulate = (x: Tensor, dx: Tensor) => {
    const known = found.get(x);
    found.set(x, known ? add(known, dx) : dx);
  };
  for (const node of nodes.reverse()) {
    const dy = found.get(node);
    if (!dy || !wanted.has(node) || boundary.has(node)) continue;
    withScope(node.scope, () => backward(node, dy, wanted, accumulate));
  }
  return xs.map((x) => found.get(x) ?? fill(0, x.shape));
}

/** The nodes whose value depends on one of `xs`, those included. `nodes` are in topological order. */
function dependents(nodes: readonly Tensor[], xs: ReadonlySet<Tensor>): Set<Tensor> {
  const result = new Set<Tensor>(xs);
  for (const node of nodes) {
    if (!stopsGradient(node) && node.inputs.some((input) => result.has(input))) result.add(node);
  }
  return result;
}

function backward(
  node: Tensor,
  dy: Tensor,
  wanted: ReadonlySet<Tensor>,
  accumulate: (x: Tensor, dx: Tensor) => void,
): void {
  const rules = gradientsOf(node, dy);
  if (rules === 'none') return;
  if (rules === 'decompose') {
    const boundary = new Set(node.inputs);
    const inputs = [...boundary].filter((input) => wanted.has(input));
    const decomposed = decompositionOf(node) as Tensor;
    backpropagate(decomposed, inputs, boundary, dy).forEach((dx, i) => {
      accumulate(inputs[i] as Tensor, dx);
    });
    return;
  }
  node.inputs.forEach((input, i) => {
    const rule = rules[i];
    if (rule && wanted.has(input)) accumulate(input, rule());
  });
}
