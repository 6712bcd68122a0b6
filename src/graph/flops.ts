import type { OpAttributes } from '../tensor/operators.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import type { Step } from './program.ts';
import { ancestors, roots } from './walk.ts';

/** Floating-point operations of a graph's convolutions and matrix products (1 multiply-add = 2), without multiplications by
 *  padding left out or zeros inserted: a transposed convolution counts as the convolution it transposes. */
export const countFlops = (graph: Graph): number =>
  ancestors(roots(graph)).reduce((sum, node) => sum + flopsOf(node), 0);

/** The same for one node; 0 for everything but convolutions and matrix products. */
export const flopsOf = (node: Tensor): number => productFlops(node, node.inputs, node.shape);

/** The same for one step of a program. */
export const flopsOfStep = (step: Step): number => productFlops(step, step.inputs, step.output.shape);

type Shaped = { readonly shape: Shape };

function productFlops(
  { op, attributes }: Pick<Step, 'op' | 'attributes'>,
  inputs: readonly Shaped[],
  result: Shape,
): number {
  const [a, b] = inputs;
  if (!a || !b) return 0;
  if (op === 'matmul') {
    const { transposeA } = attributes as OpAttributes['matmul'];
    return 2 * elements(result) * (a.shape[transposeA ? 0 : 1] as number);
  }
  if (op === 'conv2d') return 2 * elements(result) * elements(b.shape.slice(1));
  if (op === 'conv2dInputGradient') return 2 * elements(a.shape) * elements(b.shape.slice(1));
  if (op === 'conv2dFilterGradient') return 2 * elements(b.shape) * elements(result.slice(1));
  return 0;
}
