import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';

/** Everything `roots` depend on and the roots themselves, each after its inputs, in a depth-first order that is a function of
 *  the graph alone. `before` names further nodes that must come first. Iterative: graphs are deeper than the call stack. */
export function ancestors(roots: Iterable<Tensor>, before: (tensor: Tensor) => readonly Tensor[] = () => []): Tensor[] {
  const order: Tensor[] = [];
  const state = new Map<Tensor, 'open' | 'done'>();
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const tensor = stack.at(-1) as Tensor;
    const seen = state.get(tensor);
    if (seen === undefined) {
      state.set(tensor, 'open');
      const pending = [...before(tensor), ...tensor.inputs].filter((t) => !state.has(t));
      for (const next of pending.reverse()) stack.push(next);
    } else {
      stack.pop();
      if (seen === 'open') {
        state.set(tensor, 'done');
        order.push(tensor);
      }
    }
  }
  return order;
}

/** What a graph computes: its outputs, then its updates, then what was asked to be first. */
export const roots = ({ outputs, updates, first }: Graph): Tensor[] => [
  ...Object.values(outputs),
  ...updates,
  ...first,
];

/** Every consumer of every tensor, among `tensors`. */
export function consumersOf(tensors: readonly Tensor[]): Map<Tensor, Tensor[]> {
  const consumers = new Map<Tensor, Tensor[]>();
  for (const tensor of tensors) {
    for (const input of new Set(tensor.inputs)) {
      const known = consumers.get(input);
      if (known) known.push(tensor);
      else consumers.set(input, [tensor]);
    }
  }
  return consumers;
}
