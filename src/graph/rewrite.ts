import type { Tensor } from '../tensor/tensor.ts';
import { createTensor } from '../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../tensor/trace.ts';
import { ancestors, roots } from './walk.ts';

/** The node itself if its inputs are unchanged, else a copy of it on the new inputs. */
export function withInputs(node: Tensor, inputs: readonly Tensor[]): Tensor {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  const { id: _, ...fields } = node;
  return createTensor({ ...fields, inputs });
}

/** A new graph in which every node is what `replace(node, its new inputs)` returns. Nodes that nothing needs fall away. */
export function rewrite<O extends GraphOutputs>(
  graph: Graph<O>,
  replace: (node: Tensor, inputs: readonly Tensor[]) => Tensor,
): Graph<O> {
  const replaced = new Map<Tensor, Tensor>();
  const lookUp = (tensor: Tensor) => replaced.get(tensor) as Tensor;
  for (const node of ancestors(roots(graph))) replaced.set(node, replace(node, node.inputs.map(lookUp)));
  return withRoots(graph, lookUp);
}

/** The same graph with its roots mapped to other nodes. */
export const withRoots = <O extends GraphOutputs>(graph: Graph<O>, map: (tensor: Tensor) => Tensor): Graph<O> => ({
  ...graph,
  outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, tensor]) => [name, map(tensor)])) as Readonly<
    Record<string, Tensor>
  > as O,
  updates: graph.updates.map(map),
  first: graph.first.map(map),
});
