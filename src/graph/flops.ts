import { elements } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { ancestors, roots } from './walk.ts';

/** Floating-point operations of a graph's convolutions and matrix products (1 multiply-add = 2), without multiplications by
 *  padding left out or zeros inserted: a transposed convolution counts as the convolution it transposes. */
export const countFlops = (graph: Graph): number =>
  ancestors(roots(graph)).reduce((sum, node) => sum + flopsOf(node), 0);

/** The same for one node; 0 for everything but convolutions and matrix products. */
export function flopsOf(node: Tensor): number {
  const [a, b] = node.inputs;
  if (!a || !b) return 0;
  if (isOp(node, 'matmul')) return 2 * elements(node.shape) * (a.shape[node.attributes.transposeA ? 0 : 1] as number);
  if (isOp(node, 'conv2d')) return 2 * elements(node.shape) * elements(b.shape.slice(1));
  if (isOp(node, 'conv2dInputGradient')) return 2 * elements(a.shape) * elements(b.shape.slice(1));
  if (isOp(node, 'conv2dFilterGradient')) return 2 * elements(b.shape) * elements(node.shape.slice(1));
  return 0;
}
